package render

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nov1 "github.com/openshift/api/networkoperator/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sample is the router that the documentation shows.
func sample() *nov1.EgressRouter {
	r := &nov1.EgressRouter{}
	r.Name, r.Namespace = "partner-a", "billing"
	r.Spec.Addresses = []nov1.EgressRouterAddress{{IP: "192.168.12.99/24", Gateway: "192.168.12.1"}}
	r.Spec.Redirect = &nov1.RedirectConfig{RedirectRules: []nov1.L4RedirectRule{
		{Port: 8080, Protocol: "TCP", DestinationIP: "203.0.113.26", TargetPort: 80},
		{Port: 8443, Protocol: "TCP", DestinationIP: "203.0.113.27", TargetPort: 443},
		{Port: 80, Protocol: "UDP", DestinationIP: "10.100.3.0"},
	}}
	egress.SetDefaults(r)
	return r
}

func TestGoldens(t *testing.T) {
	minute := time.Minute
	full := sample()
	full.Spec.Redirect.FallbackIP = "203.0.113.9"
	full.Spec.NetworkInterface.Macvlan = nov1.MacvlanConfig{Mode: nov1.MacvlanModeVEPA, Master: "eth1"}
	tests := []struct {
		golden      string
		router      *nov1.EgressRouter
		provisioner egress.Provisioner
		options     Options
	}{
		{"operator.yaml", sample(), egress.Operator, Options{}},
		{"standalone.yaml", sample(), egress.Standalone, Options{}},
		{"standalone-full.yaml", full, egress.Standalone, Options{
			Image: "example.com/tools/netshoot:v1", MAC: "02:00:00:00:00:07", NodeSelector: map[string]string{"egress": "yes"}, FailoverAfter: &minute,
		}},
		{"standalone-random-mac.yaml", sample(), egress.Standalone, Options{MAC: egress.RandomMAC}},
		{"standalone-closed.yaml", sample(), egress.Standalone, Options{MAC: egress.RandomMAC, CloseARP: true, BlockInbound: true, RouteImage: "example.com/nft"}},
		{"standalone-routes.yaml", sample(), egress.Standalone, Options{Routes: networks(t, "10.128.0.0/14 172.30.0.0/16 10.128.0.0/14")}},
	}
	for _, test := range tests {
		t.Run(test.golden, func(t *testing.T) {
			before := test.router.DeepCopy()
			objects, err := Router(test.router, test.provisioner, test.options)
			if err != nil {
				t.Fatal(err)
			}
			service, err := Service(test.router, ServiceOptions{Ports: egress.Ports(test.router), Provisioner: test.provisioner, Owner: "7b1f"})
			if err != nil {
				t.Fatal(err)
			}
			checkGolden(t, test.golden, append(objects, service))
			if !equal(t, before, test.router) {
				t.Error("rendering changed the router")
			}
		})
	}
}

func checkGolden(t *testing.T, name string, objects []*unstructured.Unstructured) {
	t.Helper()
	var texts []string
	for _, object := range objects {
		strictly(t, object)
		text, err := yaml.Marshal(object.Object)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	got := strings.Join(texts, "---\n")
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (rewrite it with -update):\n%s", path, got)
	}
}

// strictly decodes object into its type, which refuses every field that the type does not have.
func strictly(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	types := map[string]runtime.Object{
		"EgressRouter": &nov1.EgressRouter{}, "NetworkAttachmentDefinition": &nadv1.NetworkAttachmentDefinition{},
		"Deployment": &appsv1.Deployment{}, "Service": &corev1.Service{}, "NetworkPolicy": &networkingv1.NetworkPolicy{},
	}
	text, err := object.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, types[object.GetKind()]); err != nil {
		t.Errorf("%s: %v", object.GetKind(), err)
	}
}

func equal(t *testing.T, a, b any) bool {
	t.Helper()
	one, err := yaml.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	two, err := yaml.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(one) == string(two)
}

// TestNADReadBack holds what a NAD says against what was asked, for both ways of writing one.
func TestNADReadBack(t *testing.T) {
	r := sample()
	r.Spec.Redirect.FallbackIP = "203.0.113.9"
	nad, err := standaloneNAD(r, Options{})
	if err != nil {
		t.Fatal(err)
	}
	config, _, err := unstructured.NestedString(nad.Object, "spec", "config")
	if err != nil {
		t.Fatal(err)
	}
	list, err := ReadNetwork(config)
	if err != nil {
		t.Fatal(err)
	}
	if want := Want(r, egress.Standalone); !list.Equal(want) {
		t.Errorf("the list says %+v, want %+v", list, want)
	}
	if last := list.Destinations[len(list.Destinations)-1]; last != "203.0.113.9" {
		t.Errorf("the fallback must come last, not %q", last)
	}
	single, err := ReadNetwork(`{"cniVersion":"0.4.0","type":"egress-router","name":"egress-router-cni-nad","ip":{
		"addresses":["192.168.12.99/24"],"destinations":["8080 TCP 203.0.113.26 80","8443 TCP 203.0.113.27 443","80 UDP 10.100.3.0"],
		"gateway":"192.168.12.1"},"log_file":"/tmp/egress-router-log","log_level":"debug"}`)
	if err != nil {
		t.Fatal(err)
	}
	if want := Want(sample(), egress.Operator); !single.Equal(want) {
		t.Errorf("the operator's NAD says %+v, want %+v", single, want)
	}
	for _, bad := range []string{"", "{", `{"type":"macvlan"}`, `{"plugins":[{"type":"bridge"}]}`} {
		if _, err := ReadNetwork(bad); err == nil {
			t.Errorf("%q has no egress router in it", bad)
		}
	}
}

func TestServicePorts(t *testing.T) {
	catchAll := sample()
	catchAll.Spec.Redirect.FallbackIP = "203.0.113.9"
	empty := sample()
	empty.Spec.Redirect.RedirectRules = nil
	tests := []struct {
		name        string
		router      *nov1.EgressRouter
		provisioner egress.Provisioner
		asked, want string
		err         string
	}{
		{"all", sample(), egress.Operator, "", "8080/tcp 8443/tcp 80/udp", ""},
		{"some, in their order", sample(), egress.Operator, "80/udp 8080", "80/udp 8080/tcp", ""},
		{"one twice", sample(), egress.Operator, "8080 8080/tcp", "8080/tcp", ""},
		{"another protocol", sample(), egress.Operator, "80", "", "no rule of router partner-a redirects 80/tcp: its rules redirect 8080/tcp, 8443/tcp, 80/udp"},
		{"a fallback that works", catchAll, egress.Standalone, "9999/sctp", "9999/sctp", ""},
		{"a fallback that does not", catchAll, egress.Operator, "9999", "", "no rule"},
		{"no rules", empty, egress.Standalone, "", "", "name them with \"expose partner-a --port PORT\""},
		{"no rules, a port", empty, egress.Standalone, "80", "", "its rules redirect nothing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ServicePorts(test.router, test.provisioner, ports(t, test.asked))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || !equal(t, got, ports(t, test.want)) {
				t.Errorf("got %v and %v, want %s", got, err, test.want)
			}
		})
	}
}

func ports(t *testing.T, text string) []egress.Port {
	t.Helper()
	var out []egress.Port
	for _, word := range strings.Fields(text) {
		p, err := egress.ParsePort(word)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// TestImages tells the images that stay up by themselves from those that get a shell.
func TestImages(t *testing.T) {
	for image, pause := range map[string]bool{
		DefaultImage:                      true,
		"localhost:5000/pause":            true,
		"quay.io/x/pause-amd64:3.1":       true,
		"registry.k8s.io/pause@sha256:00": true,
		"busybox":                         false,
		"quay.io/pause/busybox:1":         false,
	} {
		if got := isPause(image); got != pause {
			t.Errorf("%s: pause %t, want %t", image, got, pause)
		}
	}
}

// BenchmarkRouter renders a router with 100 rules and its Service.
func BenchmarkRouter(b *testing.B) {
	r := sample()
	r.Spec.Redirect.RedirectRules = nil
	for i := range 100 {
		r.Spec.Redirect.RedirectRules = append(r.Spec.Redirect.RedirectRules,
			nov1.L4RedirectRule{Port: int32(8000 + i), Protocol: "TCP", DestinationIP: "203.0.113.26", TargetPort: 80})
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Router(r, egress.Standalone, Options{}); err != nil {
			b.Fatal(err)
		}
		if _, err := Service(r, ServiceOptions{Ports: egress.Ports(r), Provisioner: egress.Standalone}); err != nil {
			b.Fatal(err)
		}
	}
}
