package render

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	nov1 "github.com/openshift/api/networkoperator/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// FuzzRender renders a router of any strings, as --force lets it through: whatever they hold, they stay the
// values that they are.
func FuzzRender(f *testing.F) {
	add := func(name, address, gateway, destination, fallback, macvlan, master string) {
		f.Add(name, "billing", address, gateway, destination, fallback, "Redirect", macvlan, master, "", "", uint8(0), int32(8080), int32(80))
	}
	add("partner-a", "192.168.12.99/24", "192.168.12.1", "203.0.113.26", "203.0.113.9", "VEPA", "eth1")
	add("", "", "", "", "", "", "")
	add("a\",\"b", "1.2.3.4\"", "\"]}]", "1.2.3.4\"],\"gateway\":\"6.6.6.6", "\\", "{}", "\\\"")
	add("a\n---\nkind: Pod", "x: y\n- z", "# no comment", "&a *a", "!!binary x", "? :", "'''\t%@`")
	add("<a>&</a>", "\u0000\u0001", "\u2028\u2029", "\ufeff\u202e", "\u00e9\U0001f600", "\r\n", " 1.2.3.4 ")
	add("null", "~", "yes", "0x10", "1:20", "1e3", "<<")
	f.Add("partner-a", "billing", "192.168.12.99", "", "2001:db8::1", "", "HTTPProxy", "bridge", "", "busybox\n\"", "\"},{\"type\":\"x", uint8(3), int32(-1), int32(70000))
	f.Add("partner-a", "", "2001:db8::9/64", "2001:db8::1", "203.0.113.0/24", "any", "", "", "a/b", "pause", egress.RandomMAC, uint8(255), int32(0), int32(0))
	f.Fuzz(func(t *testing.T, name, namespace, address, gateway, destination, fallback, mode, macvlan, master, image, mac string, protocol uint8, port, target int32) {
		for _, s := range []string{name, namespace, address, gateway, destination, fallback, mode, macvlan, master, image, mac} {
			if strings.ContainsFunc(s, unwritable) {
				return
			}
		}
		r := &nov1.EgressRouter{}
		r.Name, r.Namespace = name, namespace
		r.Labels, r.Annotations = map[string]string{"label": master}, map[string]string{"annotation": destination}
		r.Spec.Mode = nov1.EgressRouterMode(mode)
		r.Spec.Addresses = []nov1.EgressRouterAddress{{IP: address, Gateway: gateway}, {IP: destination}}
		r.Spec.NetworkInterface.Macvlan = nov1.MacvlanConfig{Mode: nov1.MacvlanMode(macvlan), Master: master}
		protocols := []nov1.ProtocolType{nov1.ProtocolTypeTCP, nov1.ProtocolTypeUDP, nov1.ProtocolTypeSCTP, nov1.ProtocolType(mode)}
		r.Spec.Redirect = &nov1.RedirectConfig{FallbackIP: fallback, RedirectRules: []nov1.L4RedirectRule{
			{Port: port, Protocol: protocols[int(protocol)%4], DestinationIP: destination, TargetPort: target},
			{Port: target, Protocol: protocols[0], DestinationIP: address},
		}}
		egress.SetDefaults(r)
		checkStandalone(t, r, Options{Image: image, MAC: mac, NodeSelector: map[string]string{"node": master}})
		checkOperator(t, r)
	})
}

// unwritable are the characters that do not pass as they are: JSON has none for invalid UTF-8, and
// sigs.k8s.io/yaml none for controls.
func unwritable(r rune) bool {
	return r == utf8.RuneError || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff
}

// decode holds that object decodes strictly into to, from JSON and from the YAML that is printed.
func decode(t *testing.T, object *unstructured.Unstructured, to any) {
	t.Helper()
	strictly(t, object)
	text, err := yaml.Marshal(object.Object)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, to); err != nil {
		t.Fatalf("%s: %v\n%s", object.GetKind(), err, text)
	}
}

func checkStandalone(t *testing.T, r *nov1.EgressRouter, o Options) {
	t.Helper()
	objects, err := Router(r, egress.Standalone, o)
	if err != nil {
		t.Fatal(err)
	}
	var nad nadv1.NetworkAttachmentDefinition
	decode(t, objects[0], &nad)
	if !json.Valid([]byte(nad.Spec.Config)) {
		t.Fatalf("the config is no JSON: %s", nad.Spec.Config)
	}
	if network, err := ReadNetwork(nad.Spec.Config); err != nil || !network.Equal(Want(r, egress.Standalone)) {
		t.Errorf("the NAD says %+v (%v), want %+v", network, err, Want(r, egress.Standalone))
	}
	checkPlugins(t, r, o, nad.Spec.Config)

	var d appsv1.Deployment
	decode(t, objects[1], &d)
	var back nov1.EgressRouter
	if err := json.Unmarshal([]byte(d.Annotations[egress.AnnotationRouter]), &back); err != nil || !reflect.DeepEqual(back.Spec, r.Spec) {
		t.Errorf("the annotation says %+v (%v), want %+v", back.Spec, err, r.Spec)
	}
	var networks []map[string]any
	text := d.Spec.Template.Annotations[nadv1.NetworkAttachmentAnnot]
	want := []map[string]any{{"name": r.Name, "default-route": []any{egress.Address(r).Gateway}}}
	if err := json.Unmarshal([]byte(text), &networks); err != nil || !reflect.DeepEqual(networks, want) {
		t.Errorf("Multus is asked for %s (%v), want %+v", text, err, want)
	}
	if d.Name != r.Name || nad.Name != r.Name || nad.Namespace != r.Namespace || d.Spec.Template.Annotations[egress.AnnotationNADHash] != hashOf(nad.Spec.Config) {
		t.Errorf("NAD %q and Deployment %q of router %q do not go together", nad.Name, d.Name, r.Name)
	}
}

// checkPlugins holds that config has the plugin and, for a fixed MAC or closed ARP, tuning, and nothing that a value brought.
func checkPlugins(t *testing.T, r *nov1.EgressRouter, o Options, config string) {
	t.Helper()
	var list struct {
		Name    string `json:"name"`
		Plugins []struct {
			Type          string            `json:"type"`
			MAC           string            `json:"mac"`
			InterfaceArgs map[string]string `json:"interfaceArgs"`
		} `json:"plugins"`
	}
	if err := json.Unmarshal([]byte(config), &list); err != nil {
		t.Fatal(err)
	}
	want := []string{"egress-router"}
	if o.mac(r) != "" || o.CloseARP {
		want = append(want, "tuning")
	}
	var types []string
	for _, p := range list.Plugins {
		types = append(types, p.Type)
	}
	if list.Name != r.Name || !reflect.DeepEqual(types, want) {
		t.Fatalf("%s: the list %q has plugins %v, want %v", config, list.Name, types, want)
	}
	if last := list.Plugins[len(want)-1]; last.MAC != o.mac(r) {
		t.Errorf("%s: MAC %q, want %q", config, last.MAC, o.mac(r))
	}
	if master := list.Plugins[0].InterfaceArgs["master"]; master != r.Spec.NetworkInterface.Macvlan.Master {
		t.Errorf("%s: master %q", config, master)
	}
}

func checkOperator(t *testing.T, r *nov1.EgressRouter) {
	t.Helper()
	objects, err := Router(r, egress.Operator, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var back nov1.EgressRouter
	decode(t, objects[0], &back)
	if !reflect.DeepEqual(&back, r) {
		t.Errorf("the EgressRouter is %+v, want %+v", back, r)
	}
	service, err := Service(r, ServiceOptions{Ports: egress.Ports(r), Provisioner: egress.Standalone})
	if err != nil {
		t.Fatal(err)
	}
	var s corev1.Service
	decode(t, service, &s)
	if s.Name != r.Name || s.Spec.Selector[egress.LabelInstance] != r.Name || len(s.Spec.Ports) != len(egress.Ports(r)) {
		t.Errorf("the Service is %+v", s)
	}
}

// FuzzReadNetwork reads the config of a NAD that anybody may have written.
func FuzzReadNetwork(f *testing.F) {
	for _, seed := range []string{
		`{"type":"egress-router","ip":{"addresses":["192.168.12.99/24"],"destinations":["8080 TCP 203.0.113.26 80"],"gateway":"192.168.12.1"}}`,
		`{"plugins":[{"type":"egress-router","ip":{"addresses":["192.168.12.99/24"]}},{"type":"tuning","mac":"02:00:00:00:00:01","sysctl":{"a":"1"}}]}`,
		`{"plugins":[{"type":"portmap","ip":"none","interfaceArgs":["x"]},{"type":"egress-router","ip":{"gateway":"192.168.12.1"}}]}`,
		`{"type":"egress-router","interfaceArgs":{"mtu":1400},"ip":{"gateway":"192.168.12.1"}}`,
		"", "{", "null", "[]", "0", `{"plugins":null}`, `{"plugins":[null]}`, `{"type":"egress-router"}`, `{"type":"egress-router","ip":null}`, `{"TYPE":"egress-router"}`,
		`{"type":"egress-router","ip":{"addresses":["\ud800",null]}}`, strings.Repeat(`{"plugins":[`, 10_000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, config string) {
		network, err := ReadNetwork(config)
		if err != nil {
			if !reflect.DeepEqual(network, Network{}) {
				t.Errorf("%q: %+v beside an error", config, network)
			}
			return
		}
		text, err := marshal(pluginConf{Type: "egress-router", IP: network.plugin()})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ReadNetwork(text); err != nil || !again.Equal(network) {
			t.Errorf("%q: %+v is written as %s, which reads back as %+v (%v)", config, network, text, again, err)
		}
	})
}

// FuzzParseSettings reads what anybody may have written in the annotation: what is understood is what create writes.
func FuzzParseSettings(f *testing.F) {
	for _, text := range []string{`{"recreate":true,"nodeSelector":{"egress":"yes"},"failoverAfter":"1m0s"}`, `{"failoverAfter":null}`, `{"nodeSelector":{"":""}}`, "{"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSettings(text)
		if err != nil {
			return
		}
		if s.String() != text || s.options().settings().String() != text {
			t.Errorf("%q is understood as %s", text, s)
		}
		for _, flag := range s.Flags() {
			if strings.ContainsAny(flag, "\n'\"`$;|&") {
				t.Errorf("%q becomes the flag %q", text, flag)
			}
		}
	})
}
