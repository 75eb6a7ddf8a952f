package manifest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const head = "apiVersion: network.operator.openshift.io/v1\nkind: EgressRouter\nmetadata:\n  name: "

const good = head + "partner-a\n  namespace: billing\nspec:\n  addresses:\n  - ip: 192.168.12.99/24\n    gateway: 192.168.12.1\n" +
	"  redirect:\n    redirectRules:\n    - destinationIP: 203.0.113.26\n      port: 8080\n      protocol: TCP\n"

func TestLoadText(t *testing.T) {
	other := strings.ReplaceAll(good, "partner-a", "partner-b")
	tests := []struct {
		name, text string
		want       string // the routers' names and places
		err        string
	}{
		{"one", good, "partner-a@in.yaml", ""},
		{"two", good + "---\n" + other, "partner-a@in.yaml, document 1 partner-b@in.yaml, document 2", ""},
		{"empty documents and comments", "# routers\n---\n" + good + "---\n---\n# end\n", "partner-a@in.yaml", ""},
		{"JSON", `{"apiVersion":"network.operator.openshift.io/v1","kind":"EgressRouter","metadata":{"name":"j"},"spec":{"addresses":[],"redirect":{}}}`, "j@in.yaml", ""},
		{"a list", "apiVersion: v1\nkind: List\nitems:\n- " + indent(good), "partner-a@in.yaml, item 1", ""},
		{"what a server adds", strings.Replace(good, "spec:", "  uid: \"1\"\n  resourceVersion: \"2\"\n  managedFields: []\nstatus:\n  conditions: []\nspec:", 1), "partner-a@in.yaml", ""},

		{"no redirect", `{"apiVersion":"network.operator.openshift.io/v1","kind":"EgressRouter","metadata":{"name":"j"},"spec":{"addresses":[]}}`, "", "spec.redirect is missing, and the API server refuses that"},
		{"a redirect that is null", strings.Split(good, "  redirect:")[0] + "  redirect: null\n", "", "spec.redirect is missing"},
		{"empty", "", "", "in.yaml is empty"},
		{"comments alone", "# nothing\n", "", "in.yaml is empty"},
		{"no YAML", "a: [", "", "in.yaml: document 1 is not valid YAML"},
		{"no JSON", `{"a": `, "", "in.yaml: not valid JSON"},
		{"no object", "just text", "", "in.yaml: not a Kubernetes object"},
		{"no kind", "a: 1", "", "in.yaml is no Kubernetes object (it has no kind)"},
		{"another kind", "apiVersion: apps/v1\nkind: Deployment\n", "", "in.yaml is a Deployment of apps/v1: only EgressRouter"},
		{"another version", strings.Replace(good, "/v1", "/v2", 1), "", "in.yaml is a EgressRouter of network.operator.openshift.io/v2"},
		{"a kustomization", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", "", "use -k with its folder"},
		{"an empty list", "apiVersion: v1\nkind: List\nitems: []\n", "", "a list without items"},
		{"an unknown field", good + "      targetport: 80\n", "", `in.yaml: unknown field "spec.redirect.redirectRules[0].targetport"`},
		{"a field twice", good + "      port: 8081\n", "", `key "port" already set`},
		{"a text for a number", strings.Replace(good, "8080", "http", 1), "", "redirectRules.port: string where a whole number belongs"},
		{"a number out of range", strings.Replace(good, "8080", "70000", 1), "", "spec.redirect.redirectRules[0].port: Invalid value: 70000"},
		{"port 0", strings.Replace(good, "8080", "0", 1), "", "must be a number from 1 to 65535"},
		{"a protocol that is none", strings.Replace(good, "TCP", "ICMP", 1), "", `protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"`},
		{"no destination", strings.Replace(good, "203.0.113.26", `""`, 1), "", "destinationIP: Required value"},
		{"a mode of macvlan that is none", good + "  networkInterface:\n    macvlan:\n      mode: bridge\n", "", `mode: Unsupported value: "bridge"`},
		{"no name", strings.Replace(good, "name: partner-a", "labels: {}", 1), "", "no metadata.name"},
		{"a name that no Service can have", strings.Replace(good, "partner-a", "partner.a", 1), "", `metadata.name "partner.a" cannot be used`},
		{"two mistakes", good + "      x: 1\n---\nkind: Pod\n", "", "in.yaml, document 2 is of kind Pod"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := write(t, dir, "in.yaml", test.text)
			check(t, dir, Source{Files: []string{path}}, test.want, test.err)
		})
	}
}

func TestLoadPaths(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "routers/a.yaml", good)
	write(t, dir, "routers/b.yml", strings.ReplaceAll(good, "partner-a", "partner-b"))
	write(t, dir, "routers/notes.txt", "not read")
	write(t, dir, "routers/deep/c.json", `{"apiVersion":"network.operator.openshift.io/v1","kind":"EgressRouter","metadata":{"name":"c"},"spec":{"redirect":{}}}`)
	write(t, dir, "none/notes.txt", "not read")
	write(t, dir, "mixed/a.yaml", good)
	write(t, dir, "mixed/bad.yaml", good+"  extra: 1\n")
	write(t, dir, "kustomize/kustomization.yaml", "namespace: other\nresources: [a.yaml]\n")
	write(t, dir, "kustomize/a.yaml", good)
	tests := []struct {
		name      string
		source    Source
		want, err string
	}{
		{"a folder", Source{Files: []string{"routers"}}, "partner-a@routers/a.yaml partner-b@routers/b.yml", ""},
		{"folders in it", Source{Files: []string{"routers"}, Recursive: true}, "partner-a@routers/a.yaml partner-b@routers/b.yml c@routers/deep/c.json", ""},
		{"a pattern", Source{Files: []string{"routers/*.yaml"}}, "partner-a@routers/a.yaml", ""},
		{"standard input", Source{Files: []string{"-"}, Stdin: strings.NewReader(good)}, "partner-a@standard input", ""},
		{"empty standard input", Source{Files: []string{"-"}, Stdin: strings.NewReader("")}, "", "standard input is empty"},
		{"a kustomization", Source{Kustomize: "kustomize"}, "partner-a@kustomize", ""},
		{"no kustomization", Source{Kustomize: "routers"}, "", "-k routers: unable to find one of 'kustomization.yaml'"},
		{"no such file", Source{Files: []string{"gone.yaml"}}, "", "-f gone.yaml: there is no such file or folder"},
		{"a folder without files", Source{Files: []string{"none"}}, "", "no .yaml, .yml or .json file: -R looks"},
		{"one bad file", Source{Files: []string{"mixed"}}, "", `mixed/bad.yaml: unknown field "spec.extra"`},
		{"the web", Source{Files: []string{"https://example.com/a.yaml"}}, "", "download the file first"},
		{"both", Source{Files: []string{"routers"}, Kustomize: "kustomize"}, "", "-f and -k cannot be used together"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(dir)
			check(t, dir, test.source, test.want, test.err)
		})
	}
}

// check loads source and compares the routers, or the error. Paths are told from dir.
func check(t *testing.T, dir string, source Source, want, wantErr string) {
	t.Helper()
	inputs, err := Load(source)
	if wantErr != "" {
		if err == nil || !strings.Contains(err.Error(), wantErr) {
			t.Errorf("error %v, want one with %q", err, wantErr)
		}
		if inputs != nil {
			t.Errorf("routers beside an error: %v", inputs)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, input := range inputs {
		got = append(got, input.Router.Name+"@"+strings.TrimPrefix(input.Place, dir+"/"))
		if input.Router.ResourceVersion != "" || input.Router.Kind != "EgressRouter" || input.Router.Spec.Mode != "Redirect" {
			t.Errorf("%+v is not ready to apply", input.Router)
		}
	}
	if strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, " "), want)
	}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func indent(text string) string {
	return strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
}
