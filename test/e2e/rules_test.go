package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

// rule is one that holds among routers: within one input, and between the input and what is there already.
type rule struct {
	name string
	// within is the input that breaks it by itself; nil where no input can, for none has two objects of that kind and name.
	within []string
	// there are the commands that lead up to an input that breaks it with what is there, and input is that.
	there [][]string
	input []string
	// code is how both end: 2 holds up the whole input, 1 the router alone that it is about. says is in what is said.
	code       int
	says, also string
}

// routerAt is the command that creates the router name at 192.168.12.LAST, without a wait.
func routerAt(name string, last int, more ...string) []string {
	return append([]string{"create", name, "-n", "NS", "--address", fmt.Sprintf("192.168.12.%d/24", last), "--gateway", "192.168.12.1",
		"--redirect", "8080=203.0.113.26:80", "--wait=false"}, more...)
}

// rules are all that hold among routers. What a router is by itself, and what nodes and platforms hold of its address
// (EGR205), is not among them.
func rules() []rule {
	const standalone = "--provisioner=standalone"
	first := func(last int) string {
		return manifest("first", fmt.Sprintf("192.168.12.%d/24", last), "192.168.12.1", "203.0.113.26")
	}
	second := func(last int) string {
		return manifest("second", fmt.Sprintf("192.168.12.%d/24", last), "192.168.12.1", "203.0.113.27")
	}
	files := func(more ...string) []string {
		return append([]string{"create", "-n", "NS", "--wait=false", "-f"}, more...)
	}
	return []rule{
		{name: "one operator router in a namespace", within: files(first(20) + second(21)),
			there: [][]string{routerAt("first", 20)}, input: files(second(21)), code: 2, says: "error EGR113: namespace NS has another operator-managed router: NS/"},
		{name: "one router an address", within: files(first(30)+second(30), standalone),
			there: [][]string{routerAt("first", 30, standalone)}, input: files(second(30), standalone), code: 2, says: "error EGR114: address 192.168.12.30 is also the address of NS/"},
		{name: "one name and then standalone", within: files(first(40)+first(41), standalone), also: "router NS/first is also in ",
			there: [][]string{routerAt("first", 40)}, input: files(first(41)+second(42), standalone), code: 2, says: "error: first in namespace NS is a router of the operator provisioner: "},
		{name: "one name and then the operator's", within: files(first(50) + first(51)), also: "router NS/first is also in ",
			there: [][]string{routerAt("first", 50, standalone)}, input: files(first(51)), code: 2, says: "error: first in namespace NS is a router of the standalone provisioner: "},
		{name: "one MAC", within: files(first(60)+second(61), standalone, "--mac=02:00:00:00:00:07"), also: "error: --mac 02:00:00:00:00:07 would give 2 routers one MAC: ",
			there: [][]string{routerAt("first", 60, standalone, "--mac=02:00:00:00:00:07")}, input: files(second(61), standalone, "--mac=02:00:00:00:00:07"),
			code: 2, says: "error: --mac 02:00:00:00:00:07 is the MAC of NAD first in namespace NS too, "},
		{name: "a Deployment in the operator's way", there: [][]string{inNamespace("create", "deployment", "egress-router-cni-deployment", "--image=x")},
			input: files(first(70)), code: 2, says: "error EGR222: Deployment egress-router-cni-deployment is not the operator's: "},
		{name: "an EgressRouter of another", there: [][]string{{"apply", first(80)}}, input: files(first(80)), code: 1, says: madeBy("egressrouter.network.operator.openshift.io/first")},
		{name: "a Service of another", there: [][]string{inNamespace("create", "service", "clusterip", "first", "--tcp=1:1")},
			input: files(first(90), "--expose"), code: 1, says: madeBy("service/first")},
		{name: "a Service of another and standalone", there: [][]string{inNamespace("create", "service", "clusterip", "first", "--tcp=1:1")},
			input: files(first(100), "--expose", standalone), code: 1, says: madeBy("service/first")},
		{name: "a Service of another router", there: [][]string{routerAt("second", 111, standalone), {"expose", "second", "-n", "NS", "--name", "first"}},
			input: files(first(110), "--expose", standalone), code: 1, says: "service/first in namespace NS was made by this command for the router second: choose another name, or take it over with --adopt"},
		{name: "a NAD of another", there: [][]string{{"apply", `{"apiVersion":"k8s.cni.cncf.io/v1","kind":"NetworkAttachmentDefinition","metadata":{"name":"first","namespace":"NS"},"spec":{}}`}},
			input: files(first(120), standalone), code: 1, says: madeBy("networkattachmentdefinition.k8s.cni.cncf.io/first")},
		{name: "a Deployment of another", there: [][]string{inNamespace("create", "deployment", "first", "--image=x")},
			input: files(first(130), standalone), code: 1, says: madeBy("deployment.apps/first")},
		{name: "a NetworkPolicy of another", there: [][]string{{"apply", `{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"first","namespace":"NS"},"spec":{"podSelector":{}}}`}},
			input: files(first(140), "--allow-from", "shop"), code: 1, says: madeBy("networkpolicy.networking.k8s.io/first")},
		{name: "a namespace that is not there", there: [][]string{onCluster("delete", "namespace", "NS")},
			input: files(first(150)), code: 1, says: "namespace NS does not exist: create it, or name another with -n"},
		{name: "a namespace that is being deleted", there: [][]string{{"apply", held}, onCluster("delete", "namespace", "NS", "--wait=false")},
			input: files(first(160)), code: 1, says: "namespace NS is being deleted: run this again when it is gone and recreated, or name another with -n"},
	}
}

// held is an object that keeps its namespace from going.
const held = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"held","namespace":"NS","finalizers":["example.com/hold"]}}`

// madeBy is how an object of another is refused.
func madeBy(object string) string {
	return "error: " + object + " in namespace NS was made by another ("
}

// TestRulesAmongRouters: a rule that holds within one input holds between the input and the cluster too, whatever way the
// input comes by, and nothing of the router is written.
func TestRulesAmongRouters(t *testing.T) {
	l, err := lab.Start(t.Context(), lab.Options{OpenShift: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(); err != nil {
			t.Error(err)
		}
	})
	bin := binaries(t)
	for i, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			p := &planted{bench: newBench(t, filepath.Join(bin, "kubectl-egress"), l.Config), kubectl: filepath.Join(bin, "kubectl"),
				namespace: fmt.Sprintf("rule-%02d", i)}
			if err := p.bench.namespace(t.Context(), p.namespace); err != nil {
				t.Fatal(err)
			}
			if r.within != nil {
				within := r
				if r.also != "" {
					within.says = r.also
				}
				p.refused(t, within, r.within)
			}
			for _, command := range r.there {
				p.do(t, command)
			}
			p.refused(t, r, r.input)
			p.refused(t, r, append(r.input, "--dry-run=server"))
			p.refused(t, r, append(r.input, "--force", "--wait"))
		})
	}
}

// refused runs a command that breaks r: it is refused, and nothing is written.
func (f *planted) refused(t *testing.T, r rule, command []string) {
	t.Helper()
	command = f.placed(command)
	for i, word := range command {
		if word == "-f" {
			command[i+1] = f.file(t, command[i+1])
		}
	}
	f.proxy.Reset()
	got := f.run(t, nil, command...)
	if got.code != r.code || !strings.Contains(got.stderr, strings.ReplaceAll(r.says, "NS", f.namespace)) {
		t.Errorf("%s: exit code %d, want %d and %q\n%s%s", strings.Join(command[2:], " "), got.code, r.code, r.says, got.stdout, got.stderr)
	}
	for _, request := range f.proxy.Requests() {
		if request.Write() && request.Status < 300 {
			t.Errorf("%s wrote: %s", strings.Join(command[2:], " "), request)
		}
	}
}

// file is one that holds content.
func (f *planted) file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "routers.json")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
