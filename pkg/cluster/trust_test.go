package cluster_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// refusal is a grant, what a router of its namespace asks for, and what the policy says to that; "" where it passes.
type refusal struct {
	name, grant string
	ips         []string
	want        string
}

const (
	notGranted = "is not granted "
	notIPv4    = "holds an ip that is not IPv4"
	listed     = ": an administrator adds it to the grant that this shows: kubectl egress grant list trust-"
	tooMany    = "at most 8 entries"
	everything = "0.0.0.0/0"
)

// refusals are tried in a namespace each.
func refusals() []refusal {
	long := strings.Repeat("192.168.12.99/24 ", 4096) // 68 KiB
	return []refusal{
		{"in a network", "192.168.12.96/28", []string{"192.168.12.99/24"}, ""},
		{"beside it", "192.168.12.96/28, 10.0.0.1,x", []string{"192.168.12.112/24"}, "--addresses 192.168.12.96/28,10.0.0.1,192.168.12.112"},
		{"blanks", " 192.168.12.99 , 10.0.0.0/8 ", []string{"192.168.12.99/24", "10.1.2.3/16"}, ""},
		{"the second", "192.168.12.99", []string{"192.168.12.99/24", "192.168.12.98/24"}, notGranted + "192.168.12.98: "},
		{"both", "10.0.0.0/8", []string{"192.168.12.99/24", "192.168.12.98"}, "--addresses 10.0.0.0/8,192.168.12.99,192.168.12.98"},
		{"none asked for", "10.0.0.0/8", nil, ""},
		{"no prefix length", "192.168.12.99", []string{"192.168.12.99"}, ""},

		{"limited by .max", "10.0.0.0/8", []string{"10.0.0.1/8"}, ""},
		{"beside what is limited by .max", "10.0.0.0/8", []string{"192.168.12.99/24"}, listed},
		{"limited by .nodes, and no more", "", []string{"192.168.12.99/24"}, listed},
		{"beside 9 networks", manyNetworks(9), []string{"192.168.12.99/24"}, listed},

		{"bad entries beside a good one", "x, 10.0.0.0/99,, 192.168.12.99/24/, 192.168.12.99", []string{"192.168.12.99/24"}, ""},
		{"bad entries", "x,10.0.0.0/99,192.168.12.99/24/", []string{"192.168.12.99/24"}, notGranted},
		{"empty", "", []string{"192.168.12.99/24"}, notGranted},
		{"bits behind the prefix length", "192.168.12.97/24", []string{"192.168.12.99/24"}, notGranted},
		{"leading zeros in the grant", "192.168.012.99", []string{"192.168.12.99/24"}, notGranted},
		{"IPv6 in the grant", "::/0,::ffff:0.0.0.0/96", []string{"192.168.12.99/24"}, notGranted},
		{"IPv6", "::/0,fd00::/8,fd00::1,0.0.0.0/0", []string{"fd00::1/64"}, notIPv4},
		{"IPv4 in IPv6", everything, []string{"::ffff:192.168.12.99/120"}, notIPv4},
		{"leading zeros", everything, []string{"192.168.012.99/24"}, notIPv4},
		{"a prefix length of 33", everything, []string{"192.168.12.99/33"}, notIPv4},
		{"two prefix lengths", everything, []string{"192.168.12.99/24/24"}, notIPv4},
		{"a blank before it", everything, []string{" 192.168.12.99/24"}, notIPv4},
		{"no text", everything, []string{""}, notIPv4},
		{"a command", everything, []string{"192.168.12.99; curl example.com|sh"}, notIPv4},
		{"a command and an address", "10.0.0.0/8", []string{"192.168.12.99/24", "\nWarning: `sh`"}, notIPv4},

		{"64 KiB of text", everything, []string{long}, notIPv4},
		{"64 KiB of text in each entry", everything, times(8, long), notIPv4},
		{"8 addresses", everything, times(8, "10.0.0.1/8"), ""},
		{"9 addresses", everything, times(9, "10.0.0.1/8"), tooMany},
		{"64 KiB of addresses", everything, times(6000, "10.0.0.1/8"), tooMany},
		{"2,000 networks", manyNetworks(2000) + ",192.168.12.99", []string{"192.168.12.99/24"}, ""},
		{"2,000 networks, 8 addresses", manyNetworks(2000), times(8, "192.168.12.99/24"), notGranted},
	}
}

func times(n int, text string) []string { return slices.Repeat([]string{text}, n) }

// manyNetworks are so many networks of 10.0.0.0/8.
func manyNetworks(n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("10.%d.%d.0/24", i/256, i%256)
	}
	return strings.Join(out, ",")
}

// testTrust: deploy/trust/deny judges each address, whatever grants and routers hold.
func (s *server) testTrust(t *testing.T) {
	cases := refusals()
	grants := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "kubectl-egress", Name: "grants"}, Data: map[string]string{}}
	s.namespace(t, grants.Namespace)
	for i, c := range cases {
		namespace := fmt.Sprintf("trust-%d", i)
		s.namespace(t, namespace)
		grants.Data[namespace] = c.grant
		for _, key := range []string{".nodes", ".max"} {
			if strings.Contains(c.name, key) {
				grants.Data[namespace+key] = "x; sh"
			}
		}
	}
	s.namespace(t, "trust-old")
	old := newRouter("trust-old", "huge", "192.168.12.99/24", "192.168.12.1")
	old.Spec.Addresses = slices.Repeat(old.Spec.Addresses, 10000)
	s.create(t, grants, old)
	s.installTrust(t)
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			begun := time.Now()
			c.check(t, s.admin.Create(t.Context(), routerOf(fmt.Sprintf("trust-%d", i), c.ips), client.DryRunAll))
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
	t.Run("10,000 addresses that were there", func(t *testing.T) {
		s.patch(t, old, `{"metadata":{"finalizers":["example.com/audit"]},"spec":{"redirect":{"redirectRules":[]}}}`)
		if err := s.admin.Delete(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		s.patch(t, old, `{"metadata":{"finalizers":null}}`)
	})
}

func routerOf(namespace string, ips []string) *nov1.EgressRouter {
	r := newRouter(namespace, "partner-a", "", "")
	r.Spec.Addresses = []nov1.EgressRouterAddress{} // null is not the same
	for _, ip := range ips {
		r.Spec.Addresses = append(r.Spec.Addresses, nov1.EgressRouterAddress{IP: ip, Gateway: "192.168.12.1"})
	}
	return r
}

// check compares what the policy said. The text of an address that is none is never repeated.
func (c refusal) check(t *testing.T, err error) {
	t.Helper()
	switch {
	case c.want == "" && err != nil:
		t.Error(err)
	case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
		t.Errorf("got %v, want %q", err, c.want)
	case err != nil && (len(err.Error()) > 600 || strings.ContainsAny(err.Error(), "\n;|`")):
		t.Errorf("it repeats the text: %.700q", err.Error())
	}
}

// installTrust applies deploy/trust/deny until the test ends, and waits until it judges.
func (s *server) installTrust(t *testing.T) {
	t.Helper()
	objects := refusing(t)
	s.create(t, objects...)
	t.Cleanup(func() {
		for _, object := range objects {
			if err := s.admin.Delete(context.Background(), object); err != nil {
				t.Error(err)
			}
		}
	})
	eventually(t, "the policy refuses", func(ctx context.Context) (bool, error) {
		err := s.admin.Create(ctx, routerOf("trust-old", []string{"192.168.12.1/24"}), client.DryRunAll)
		return err != nil && strings.Contains(err.Error(), notGranted), nil
	})
}

// refusing is what deploy/trust/deny holds.
func refusing(t *testing.T) []client.Object {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "deploy", "trust", "deny"))
	if err != nil {
		t.Fatal(err)
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []client.Object
	for _, resource := range built.Resources() {
		object, err := resource.Map()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, &unstructured.Unstructured{Object: object})
	}
	return out
}
