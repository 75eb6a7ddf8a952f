package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

// tenFault is a fault planted in a namespace of its own, and what must be said of it.
type tenFault struct {
	name string
	// plant are commands that lead up to it: kubectl's, or the tool's where the first word is a verb of its own. NS
	// stands for the namespace.
	plant [][]string
	// router has the finding, level and code are its own.
	router, level, code string
	// create is the command that meets the fault, which ends with the exit code; nil where it would put it right.
	create []string
	exit   int
}

// at is the command that creates a router at 192.168.12.LAST.
func at(last int, more ...string) []string {
	return append([]string{"create", "partner-a", "-n", "NS", "--address", fmt.Sprintf("192.168.12.%d/24", last), "--gateway", "192.168.12.1",
		"--redirect", "8080=203.0.113.26:80", "--timeout", "5s"}, more...)
}

// manifest is an EgressRouter for kubectl apply.
func manifest(name, ip, gateway, destination string) string {
	return fmt.Sprintf(`{"apiVersion":"network.operator.openshift.io/v1","kind":"EgressRouter","metadata":{"name":%q,"namespace":"NS"},
		"spec":{"addresses":[{"ip":%q,"gateway":%q}],"networkInterface":{},"redirect":{"redirectRules":[{"destinationIP":%q,"port":8080,"protocol":"TCP"}]}}}`,
		name, ip, gateway, destination)
}

func tenFaults() []tenFault {
	apply := func(manifest string) []string { return []string{"apply", manifest} }
	annotate := func(annotation string) []string {
		return []string{"kubectl", "annotate", "namespace", "NS", annotation}
	}
	standalone := "--provisioner=standalone"
	bad := at(202, standalone, "--macvlan-master", "nosuch0")
	image := at(205, standalone, "--image", "example.com/gone:v1")
	nowhere := at(206, standalone, "--node-selector", "egress=nowhere")
	refused := at(207, standalone, "--cluster-routes", "10.128.0.0/14", "--force")
	silent := at(208)
	gone := at(209)
	far := []string{"create", "partner-a", "-n", "NS", standalone, "--address", "10.9.9.9/24", "--gateway", "10.9.9.1", "--redirect", "8080=203.0.113.26:80", "--timeout", "20s"}
	return []tenFault{
		{"bad master", [][]string{bad}, "partner-a", "error", "EGR210", bad, 5},
		{"network as destination", [][]string{
			at(203, standalone, "--timeout", "20s"),
			{"kubectl", "patch", "net-attach-def", "partner-a", "-n", "NS", "--type=merge", "-p",
				`{"spec":{"config":"{\"cniVersion\":\"0.4.0\",\"type\":\"egress-router\",\"name\":\"partner-a\",\"ip\":{\"addresses\":[\"192.168.12.203/24\"],\"destinations\":[\"8080 TCP 203.0.113.0/24 80\"],\"gateway\":\"192.168.12.1\"},\"log_file\":\"/tmp/egress-router-log\"}"}}`},
			{"kubectl", "delete", "pod", "-n", "NS", "-l", "app.kubernetes.io/instance=partner-a", "--wait=false"},
		}, "partner-a", "error", "EGR210", nil, 0},
		{"gateway off the subnet", [][]string{apply(manifest("partner-a", "192.168.12.204/24", "192.168.13.1", "203.0.113.26"))}, "partner-a", "error", "EGR104",
			[]string{"create", "partner-a", "-n", "NS", "--address", "192.168.12.204/24", "--gateway", "192.168.13.1", "--redirect", "8080=203.0.113.26", "--timeout", "5s"}, 2},
		{"image that cannot be pulled", [][]string{annotate("test.kubectl-egress.io/image-pull=fail"), image}, "partner-a", "error", "EGR210", image, 5},
		{"selector that fits no node", [][]string{nowhere}, "partner-a", "error", "EGR207", nowhere, 5},
		{"Pod Security that refuses", [][]string{{"kubectl", "label", "namespace", "NS", "pod-security.kubernetes.io/enforce=restricted"}, refused}, "partner-a", "error", "EGR208", refused, 5},
		{"operator silent", [][]string{annotate("test.kubectl-egress.io/operator=asleep"), silent}, "partner-a", "info", "EGR220", silent, 5},
		{"NAD gone", [][]string{
			at(209, "--timeout", "20s"), annotate("test.kubectl-egress.io/operator=asleep"),
			{"kubectl", "delete", "net-attach-def", "egress-router-cni-nad", "-n", "NS"},
		}, "partner-a", "error", "EGR211", gone, 5},
		{"address in no node's subnet", [][]string{far}, "partner-a", "error", "EGR207", far, 0},
		{"two routers in a namespace", [][]string{
			at(210, "--timeout", "20s"), apply(manifest("partner-b", "192.168.12.211/24", "192.168.12.1", "203.0.113.27")),
		}, "partner-b", "error", "EGR113", []string{"create", "partner-b", "-n", "NS", "--adopt", "--force-conflicts", "--address", "192.168.12.211/24", "--gateway", "192.168.12.1",
			"--redirect", "8080=203.0.113.27", "--timeout", "5s"}, 2},
	}
}

// said is a finding as every verb must have it.
type said struct {
	Code, Level, Fix string
	Commands         []string
}

// TestTenFaults: whatever is asked about a router that does not serve, the answer is the same.
func TestTenFaults(t *testing.T) {
	l := startLab(t, lab.Options{OpenShift: true})
	bin := binaries(t)
	t.Run("faults", func(t *testing.T) {
		for i, fault := range tenFaults() {
			t.Run(fault.name, func(t *testing.T) {
				t.Parallel()
				f := &planted{tenFault: fault, bench: newBench(t, filepath.Join(bin, "kubectl-egress"), l.Config), kubectl: filepath.Join(bin, "kubectl"),
					namespace: fmt.Sprintf("fault-%02d", i)}
				f.check(t)
			})
		}
	})
}

type planted struct {
	tenFault
	*bench
	kubectl, namespace string
}

func (f *planted) check(t *testing.T) {
	if err := f.bench.namespace(t.Context(), f.namespace); err != nil {
		t.Fatal(err)
	}
	for _, command := range f.plant {
		f.do(t, command)
	}
	want := f.settled(t)
	if got := f.status(t); !reflect.DeepEqual(got, want) {
		t.Errorf("status says %+v, preflight %+v", got, want)
	}
	table := f.must(t, "get", f.router, "-n", f.namespace, "--no-headers").stdout
	// An info has nothing to act on, and so is no reason in the table.
	if reasons := strings.Fields(table)[7]; slices.Contains(strings.Split(reasons, ","), f.code) != (f.level != "info") {
		t.Errorf("the column REASON is %q in %q", reasons, table)
	}
	if status := strings.Fields(table)[6]; status == "Ready" {
		t.Errorf("get calls it %s: %s", status, table)
	}
	if f.create == nil {
		return
	}
	r := f.run(t, nil, f.placed(f.create)...)
	if r.code != f.exit {
		t.Errorf("create ended with %d, want %d\n%s", r.code, f.exit, r.stderr)
	}
	for _, part := range []string{fmt.Sprintf("  %s %s: ", want.Level, want.Code), "      fix: " + strings.Join(append([]string{want.Fix}, want.Commands...), "\n           ") + "\n"} {
		if !strings.Contains(r.stderr, part) {
			t.Errorf("create does not say %q in\n%s", part, r.stderr)
		}
	}
}

// do carries out one command that leads up to the fault.
func (f *planted) do(t *testing.T, command []string) {
	t.Helper()
	command = f.placed(command)
	switch command[0] {
	case "kubectl":
		f.control(t, "", command[1:]...)
	case "apply":
		f.control(t, command[1], "apply", "-f", "-")
	default:
		f.run(t, nil, command...) // it may end in vain, as it is to
	}
}

func (f *planted) placed(command []string) []string {
	out := slices.Clone(command)
	for i := range out {
		out[i] = strings.ReplaceAll(out[i], "NS", f.namespace)
	}
	return out
}

func (f *planted) control(t *testing.T, stdin string, args ...string) {
	t.Helper()
	kubectl := exec.CommandContext(t.Context(), f.kubectl, append([]string{"--kubeconfig", f.kubeconfig}, args...)...)
	kubectl.Stdin, kubectl.Dir = strings.NewReader(stdin), f.dir
	if out, err := kubectl.CombinedOutput(); err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// settled is what preflight says, once it says it twice in a row: the cluster takes a moment to meet the fault.
func (f *planted) settled(t *testing.T) said {
	t.Helper()
	var last said
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(300 * time.Millisecond) {
		now := f.preflight(t)
		if reflect.DeepEqual(now, last) && now.Level == f.level {
			return now
		}
		if last = now; time.Now().After(deadline) {
			t.Fatalf("preflight says %+v of %s, want level %s", now, f.code, f.level)
		}
	}
}

func (f *planted) preflight(t *testing.T) said {
	t.Helper()
	var out struct{ Findings []struct{ said } }
	f.decode(t, &out, "preflight", f.router, "-n", f.namespace, "--fail-on=never", "-o", "json")
	for _, found := range out.Findings {
		if found.Code == f.code {
			return found.said
		}
	}
	return said{}
}

func (f *planted) status(t *testing.T) said {
	t.Helper()
	var out struct {
		Routers []struct{ Findings []struct{ said } }
	}
	f.decode(t, &out, "status", f.router, "-n", f.namespace, "-o", "json")
	for _, found := range out.Routers[0].Findings {
		if found.Code == f.code {
			return found.said
		}
	}
	return said{}
}

func (f *planted) decode(t *testing.T, into any, args ...string) {
	t.Helper()
	if err := json.Unmarshal([]byte(f.must(t, args...).stdout), into); err != nil {
		t.Fatal(err)
	}
}
