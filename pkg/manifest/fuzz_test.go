package manifest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	nov1 "github.com/openshift/api/networkoperator/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

const asJSON = `{"apiVersion":"network.operator.openshift.io/v1","kind":"EgressRouter","metadata":{"name":"j"},"spec":{"addresses":[],"redirect":{}}}`

func loadText(text string) ([]*nov1.EgressRouter, error) {
	inputs, err := Load(Source{Files: []string{"-"}, Stdin: strings.NewReader(text)})
	var routers []*nov1.EgressRouter
	for _, input := range inputs {
		routers = append(routers, input.Router)
	}
	return routers, err
}

// FuzzLoad loads a file's text: all of it or nothing.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		good, good + "---\n" + good, "# routers\n---\n" + good + "---\n---\n# end\n", "apiVersion: v1\nkind: List\nitems:\n- " + indent(good),
		asJSON, asJSON + "\n" + asJSON, `{"apiVersion":"v1","kind":"List","metadata":{},"items":[` + asJSON + `]}`,
		"", "null", "a: [", `{"a": `, "just text", "[]", "\x00", "\xff\xfe", "a: &a [*a]", "a: &a [x]\n<<: *a", "%YAML 1.1\n---\na: 1",
		strings.ReplaceAll(good, "\n", "\r\n"), strings.ReplaceAll(good, "\n", "\r"), strings.Replace(asJSON, "kind", "Kind", 1),
		strings.Replace(good, "8080", "0x1F90", 1), strings.Replace(good, "8080", "8.08e3", 1), strings.Replace(good, "TCP", "yes", 1),
		strings.Replace(good, "namespace: billing", "annotations: {a: \"\\0\\x85\\u2028\\uFFFE\\\"'\", \"<<\": \"1:20\", ? \"null\" : \"~\"}", 1),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		routers, err := loadText(text)
		if err != nil {
			checkError(t, text, routers, err)
			return
		}
		if len(routers) == 0 {
			t.Errorf("%q: neither a router nor an error", text)
		}
		for _, r := range routers {
			if err := egress.ValidateName(r.Name); err != nil {
				t.Errorf("%q: accepted: %v", text, err)
			}
			if errs := egress.ValidateSchema(r); len(errs) > 0 {
				t.Errorf("%q: accepted: %v", text, errs.ToAggregate())
			}
		}
		checkRoundTrip(t, text, routers)
		checkWhole(t, text, len(routers))
	})
}

func checkError(t *testing.T, text string, routers []*nov1.EgressRouter, err error) {
	t.Helper()
	if routers != nil {
		t.Errorf("%q: routers beside an error: %v", text, err)
	}
	if !strings.HasPrefix(err.Error(), "standard input") {
		t.Errorf("%q: the error does not begin with the place: %v", text, err)
	}
	if strings.Contains(err.Error(), "Go value") {
		t.Errorf("%q: the error speaks of Go: %v", text, err)
	}
}

// checkRoundTrip writes what was read, and reads it again.
func checkRoundTrip(t *testing.T, text string, routers []*nov1.EgressRouter) {
	t.Helper()
	again, err := loadText(written(t, routers))
	if err != nil || !apiequality.Semantic.DeepEqual(again, routers) {
		t.Errorf("%q is written as %q, which reads back as %+v (%v)", text, written(t, routers), again, err)
	}
}

// written is routers as YAML, or as JSON where they hold what sigs.k8s.io/yaml does not write as it is: some
// characters, and the key that merges.
func written(t *testing.T, routers []*nov1.EgressRouter) string {
	t.Helper()
	var asYAML, asJSON strings.Builder
	inJSON := false
	for _, r := range routers {
		document, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		asJSON.Write(document)
		if inJSON = inJSON || bytes.ContainsFunc(document, notYAML) || bytes.Contains(document, []byte(`"\u003c\u003c":`)); inJSON {
			continue
		}
		if document, err = yaml.JSONToYAML(document); err != nil {
			t.Fatal(err)
		}
		asYAML.WriteString("---\n" + string(document))
	}
	if inJSON {
		return asJSON.String()
	}
	return asYAML.String()
}

// notYAML are those characters.
func notYAML(r rune) bool {
	return r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff
}

// checkWhole appends to text, which is valid, a router and then what is none. Nothing of a file may be
// passed over in silence.
func checkWhole(t *testing.T, text string, routers int) {
	t.Helper()
	for _, between := range []string{"\n---\n", "\n...\n", "\n...\n---\n", "\r---\r"} {
		for _, another := range []string{good, asJSON} {
			if more, err := loadText(text + between + another); err == nil && len(more) != routers+1 {
				t.Errorf("%q: %d routers, and with another after %q %d", text, routers, between, len(more))
			}
		}
		if _, err := loadText(text + between + "}"); err == nil {
			t.Errorf("%q: a brace after %q is accepted", text, between)
		}
	}
}

// TestLoadLosesNothing holds that a text is refused of which a part would be lost.
func TestLoadLosesNothing(t *testing.T) {
	list := `{"apiVersion":"v1","kind":"List","items":[` + asJSON + `]`
	for _, text := range []string{
		good + "...\n" + good, "---\n" + asJSON + "\n" + asJSON, asJSON + "\n# end\n" + asJSON, asJSON + "\n}", asJSON + ",", asJSON + "\n...\nmore",
		list + `,"items":[` + asJSON + `]}`, list + `,"Items":[` + asJSON + `]}`, strings.Replace(asJSON, "kind", "Kind", 1),
	} {
		if routers, err := loadText(text); err == nil {
			t.Errorf("%q: %d routers and no error", text, len(routers))
		}
	}
	if routers, err := loadText(asJSON + "\n---\n" + asJSON); err != nil || len(routers) != 2 {
		t.Errorf("JSON in documents of YAML: %d routers (%v)", len(routers), err)
	}
}
