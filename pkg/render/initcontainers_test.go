package render

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// TestInitContainers: which there are, in which order, and what is read back.
func TestInitContainers(t *testing.T) {
	routes := networks(t, "10.128.0.0/14")
	for _, test := range []struct {
		name    string
		options Options
		want    []string
		image   string
	}{
		{"none", Options{}, nil, ""},
		{"routes", Options{Routes: routes}, []string{"cluster-routes"}, DefaultRouteImage},
		{"block", Options{BlockInbound: true, RouteImage: "example.com/nft"}, []string{"block-inbound"}, "example.com/nft"},
		{"both", Options{Routes: routes, BlockInbound: true, RouteImage: "example.com/both"}, []string{"block-inbound", "cluster-routes"}, "example.com/both"},
	} {
		containers, err := initContainers(sample(), test.options)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range containers {
			names = append(names, c.Name)
			if c.Image != test.image {
				t.Errorf("%s: image %s, want %s", test.name, c.Image, test.image)
			}
		}
		if len(names) != len(test.want) || len(names) > 0 && names[0] != test.want[0] {
			t.Errorf("%s: %v, want %v", test.name, names, test.want)
		}
		pod := &corev1.PodSpec{InitContainers: containers}
		if got := BlocksInbound(pod); got != test.options.BlockInbound {
			t.Errorf("%s: read back as blocking: %t", test.name, got)
		}
		if got := ReadRoutes(pod); len(got) != len(test.options.Routes) {
			t.Errorf("%s: read back the routes %v", test.name, got)
		}
	}
}

// TestBlockedInterface: the template names the interface that the router has.
func TestBlockedInterface(t *testing.T) {
	containers, err := initContainers(sample(), Options{BlockInbound: true})
	if err != nil {
		t.Fatal(err)
	}
	if script := containers[0].Command[1]; strings.Count(script, `iifname "`+egress.Interface+`"`) != 2 {
		t.Errorf("not for %s alone:\n%s", egress.Interface, script)
	}
}

// TestNotBlocking: a container of that name alone blocks nothing.
func TestNotBlocking(t *testing.T) {
	if BlocksInbound(&corev1.PodSpec{InitContainers: []corev1.Container{{Name: "block-inbound", Command: []string{"true"}}}}) {
		t.Error("a container that does nothing counts as blocking")
	}
}

// TestClosesARP reads back what the NAD says.
func TestClosesARP(t *testing.T) {
	for _, mac := range []string{"", egress.RandomMAC} {
		for _, closed := range []bool{true, false} {
			config, err := nadConfig(sample(), Options{MAC: mac, CloseARP: closed})
			if err != nil {
				t.Fatal(err)
			}
			if ClosesARP(config) != closed {
				t.Errorf("MAC %q, closed %t: read back otherwise from %s", mac, closed, config)
			}
		}
	}
	for _, config := range []string{"", "{", `{"type":"tuning","sysctl":{"net.ipv4.conf.IFNAME.proxy_arp":"1"}}`, `{"type":"other","sysctl":{"net.ipv4.conf.IFNAME.proxy_arp":"0"}}`, `{"type":"tuning","sysctl":0}`} {
		if ClosesARP(config) {
			t.Errorf("%s counts as closed", config)
		}
	}
}
