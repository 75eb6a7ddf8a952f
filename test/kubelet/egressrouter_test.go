package kubelet

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	nettypes "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ipConf is a router's configuration with those addresses, destinations and gateway.
func ipConf(address, gateway string, destinations ...string) map[string]any {
	return map[string]any{
		"cniVersion": "0.4.0", "type": "egress-router", "name": "r",
		"ip": map[string]any{"addresses": []string{address}, "gateway": gateway, "destinations": destinations},
	}
}

// with is a good configuration with one field set.
func with(field string, value any) map[string]any {
	conf := ipConf("192.168.12.99/24", "192.168.12.1", "80 TCP 203.0.113.26")
	if value == nil {
		delete(conf, field)
	} else {
		conf[field] = value
	}
	return conf
}

func to(destinations ...string) map[string]any {
	return ipConf("192.168.12.99/24", "192.168.12.1", destinations...)
}

func args(name string, value any) map[string]any {
	return with("interfaceArgs", map[string]any{name: value})
}

func TestPluginRuns(t *testing.T) {
	for name, conf := range map[string]map[string]any{
		"a rule":                 to("80 TCP 203.0.113.26"),
		"a target port":          to("8080 tcp 203.0.113.26 80", "7 SCTP 203.0.113.26"),
		"a bare address first":   to("203.0.113.26", "80 TCP 203.0.113.27"),
		"two rules for one port": to("80 TCP 203.0.113.26", "80 TCP 203.0.113.27"),
		"port 0":                 to("0 TCP 203.0.113.26"),
		"no destinations":        to(),
		"an unknown field":       with("fallbackIP", "203.0.113.26"),
		"an interface":           with("interfaceArgs", map[string]any{"master": "ens3", "mode": "private", "mtu": "1400"}),
	} {
		t.Run(name, func(t *testing.T) {
			l, err := run(t, conf)
			if err != nil {
				t.Fatalf("got %v: %v", err, errors.Unwrap(err))
			}
			if want := []string{"192.168.12.99"}; !reflect.DeepEqual(l.ips, want) {
				t.Errorf("got addresses %q, want %q", l.ips, want)
			}
		})
	}
}

func TestPluginFailsInSilence(t *testing.T) {
	for name, conf := range map[string]map[string]any{
		"CIDR":               to("80 TCP 203.0.113.0/24"),
		"host name":          to("80 TCP example.com"),
		"IPv6 destination":   to("80 TCP 2001:db8::1"),
		"double space":       to("80  TCP 203.0.113.26"),
		"trailing space":     to("80 TCP 203.0.113.26 "),
		"port range":         to("80-90 TCP 203.0.113.26"),
		"port too high":      to("80 TCP 203.0.113.26 65536"),
		"icmp":               to("80 icmp 203.0.113.26"),
		"two fields":         to("80 203.0.113.26"),
		"empty destination":  to(""),
		"no prefix":          ipConf("192.168.12.99", "192.168.12.1"),
		"IPv6 address":       ipConf("2001:db8::99/64", "2001:db8::1"),
		"no gateway":         ipConf("192.168.12.99/24", ""),
		"gateway off subnet": ipConf("192.168.12.99/24", "192.168.13.1"),
		"mtu as a number":    args("mtu", 1400),
		"mtu too high":       args("mtu", "9000"),
		"wrong master":       args("master", "eth7"),
		"wrong mode":         args("mode", "Bridge"),
		"ipvlan":             with("interfaceType", "ipvlan"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, conf)
			if err == nil || err.Error() != "failed to unmarshal raw result: unexpected end of JSON input" {
				t.Fatalf("got %v, want the masked error", err)
			}
			if cause := errors.Unwrap(err); cause == nil || cause.Error() == "" {
				t.Error("the log has no cause")
			}
		})
	}
}

// TestPluginBefore420: what iptables refuses is missing, and the pod runs. What the plugin itself refuses fails as ever.
func TestPluginBefore420(t *testing.T) {
	l, err := runOn(t, PluginIptables, to("80 TCP 203.0.113.0/24", "8080 TCP 203.0.113.26 80", "example.com"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"8080 TCP 203.0.113.26 80"}; !reflect.DeepEqual(l.destinations, want) {
		t.Errorf("got rules %q, want %q", l.destinations, want)
	}
	if _, err := runOn(t, PluginIptables, to("80-90 TCP 203.0.113.26")); err == nil {
		t.Error("a port range passes")
	}
}

func TestPluginWithoutNFT(t *testing.T) {
	_, err := runOn(t, PluginNoNFT, to("80 TCP 203.0.113.26"))
	if cause := errors.Unwrap(err); cause == nil || cause.Error() != "failed to get NFTables: could not find nftables binary" {
		t.Errorf("got %v: %v", err, cause)
	}
}

func TestPluginFailsAloud(t *testing.T) {
	for name, test := range map[string]struct {
		conf map[string]any
		want string
	}{
		"no ip":       {with("ip", nil), "panic"},
		"empty ip":    {with("ip", map[string]any{}), "panic"},
		"cni version": {with("cniVersion", "1.0.0"), `config is "1.0.0"`},
		"MAC is taken": {map[string]any{"cniVersion": "0.4.0", "plugins": []any{
			to("203.0.113.26"), map[string]any{"type": "tuning", "mac": "02:E6:00:00:00:01"},
		}}, "address already in use"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := run(t, test.conf); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %s", err, test.want)
			}
		})
	}
}

// run adds the configured plugins to a link, on a node where one MAC is taken.
func run(t *testing.T, conf map[string]any) (*link, error) {
	t.Helper()
	return runOn(t, "", conf)
}

// runOn does it with an egress-router plugin as PluginAnnotation says it.
func runOn(t *testing.T, router string, conf map[string]any) (*link, error) {
	t.Helper()
	raw, err := json.Marshal(conf)
	if err != nil {
		t.Fatal(err)
	}
	plugins, _, err := parseConfig(string(raw), "r")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{name: "net1"}
	for _, p := range plugins {
		if err := p.add(l, machine{[]string{"br-ex", "ens3"}, map[string]bool{"02:e6:00:00:00:01": true}, router}); err != nil {
			return l, err
		}
	}
	return l, nil
}

func TestSelections(t *testing.T) {
	for annotation, want := range map[string][]nettypes.NetworkSelectionElement{
		"":               nil,
		`[{"name":"a"}]`: {{Namespace: "ns", Name: "a", InterfaceRequest: "net1"}},
		"a, other/b@wan": {{Namespace: "ns", Name: "a", InterfaceRequest: "net1"}, {Namespace: "other", Name: "b", InterfaceRequest: "wan"}},
		`[{"name":"a"},{"name":"b","namespace":"other"}]`: {{Namespace: "ns", Name: "a", InterfaceRequest: "net1"}, {Namespace: "other", Name: "b", InterfaceRequest: "net2"}},
	} {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Annotations: map[string]string{nettypes.NetworkAttachmentAnnot: annotation}}}
		got, err := selectionsOf(pod)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", annotation, got, err, want)
		}
	}
}
