package render

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

func networks(t *testing.T, text string) []netip.Prefix {
	t.Helper()
	var out []netip.Prefix
	for _, word := range strings.Fields(text) {
		network, err := ParseNetwork(word)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, network)
	}
	return out
}

func TestParseNetwork(t *testing.T) {
	for text, want := range map[string]string{
		"10.128.0.0/14":  "",
		"10.128.3.0/14":  "10.128.3.0/14 has bits behind its prefix: write it as 10.128.0.0/14",
		"10.128.0.0":     `"10.128.0.0" is not a network: write one such as 10.128.0.0/14`,
		"fd00::/8":       "fd00::/8 is IPv6: the CNI plugin serves IPv4 alone: leave it out",
		"10.0.0.0/8; id": `"10.0.0.0/8; id" is not a network: write one such as 10.128.0.0/14`,
		"0.0.0.0/1":      "invalid network 0.0.0.0/1: write one of pods or Services, such as 10.128.0.0/14",
		"127.0.0.0/8":    "invalid network 127.0.0.0/8: write one of pods or Services, such as 10.128.0.0/14",
		"169.254.1.0/24": "invalid network 169.254.1.0/24: write one of pods or Services, such as 10.128.0.0/14",
		"224.0.0.0/4":    "invalid network 224.0.0.0/4: write one of pods or Services, such as 10.128.0.0/14",
		"":               `"" is not a network: write one such as 10.128.0.0/14`,
	} {
		got, err := ParseNetwork(text)
		if want == "" && (err != nil || got.String() != text) {
			t.Errorf("%q: %s and %v", text, got, err)
		}
		if want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

// TestRefusedRoutes: a route that would take to eth0 what belongs on net1.
func TestRefusedRoutes(t *testing.T) {
	r := sample()
	r.Spec.Addresses[0].Gateway = "172.16.0.1"
	r.Spec.Redirect.FallbackIP = "198.51.100.9"
	for text, want := range map[string]string{
		"192.168.0.0/16":   "--cluster-routes 192.168.0.0/16 overlaps 192.168.12.0/24, the router's own subnet on net1: name the pod and Service networks alone",
		"192.168.12.64/28": "--cluster-routes 192.168.12.64/28 overlaps 192.168.12.0/24, the router's own subnet on net1: name the pod and Service networks alone",
		"172.16.0.0/12":    "--cluster-routes 172.16.0.0/12 contains 172.16.0.1, the router's gateway on net1: name the pod and Service networks alone",
		"10.0.0.0/8":       "--cluster-routes 10.0.0.0/8 contains destination 10.100.3.0: what is sent there would leave by eth0, and not from the reserved address: name the pod and Service networks alone",
		"198.51.0.0/16":    "--cluster-routes 198.51.0.0/16 contains destination 198.51.100.9: what is sent there would leave by eth0, and not from the reserved address: name the pod and Service networks alone",
		"192.0.0.0/8":      "--cluster-routes 192.0.0.0/8 overlaps 192.168.12.0/24, the router's own subnet on net1: name the pod and Service networks alone",
		"10.128.0.0/14":    "",
	} {
		_, err := Router(r, egress.Standalone, Options{Routes: networks(t, text)})
		if got := message(err); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// TestDistinctRoutes: neither order nor repetition is a change.
func TestDistinctRoutes(t *testing.T) {
	want := networks(t, "10.96.0.0/12 10.128.0.0/14 172.30.0.0/16")
	for _, text := range []string{
		"10.96.0.0/12 10.128.0.0/14 172.30.0.0/16",
		"172.30.0.0/16 10.131.0.0/16 10.128.0.0/14 10.96.0.0/12 10.128.0.0/14 10.128.0.0/16",
	} {
		if got := distinct(networks(t, text)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestRoutesScript runs the init container's script in a shell, where ip(8) says what it would in pods of
// several networks, and notes what it is told to do.
func TestRoutesScript(t *testing.T) {
	tests := []struct {
		name, routes, address string
		// want is what ip is told, said what the script says.
		want, said string
	}{
		{
			"a route that names the gateway", "10.128.0.0/14 via 10.128.2.1 \n10.128.2.0/23 proto kernel scope link src 10.128.2.9 \n", "10.128.2.9/23",
			"route replace 172.30.0.0/16 via 10.128.2.1 dev eth0\n", "10.128.0.0/14: there already\n172.30.0.0/16: via 10.128.2.1\n",
		},
		{
			"a gateway with a route of its own", "169.254.1.1 scope link \n", "10.1.2.3/32",
			"route replace 10.128.0.0/14 via 169.254.1.1 dev eth0\nroute replace 172.30.0.0/16 via 169.254.1.1 dev eth0\n",
			"10.128.0.0/14: via 169.254.1.1\n172.30.0.0/16: via 169.254.1.1\n",
		},
		{
			"a bridge", "10.244.1.0/24 proto kernel scope link src 10.244.1.130 \n", "10.244.1.130/24",
			"route replace 10.128.0.0/14 via 10.244.1.1 dev eth0\nroute replace 172.30.0.0/16 via 10.244.1.1 dev eth0\n",
			"10.128.0.0/14: via 10.244.1.1\n172.30.0.0/16: via 10.244.1.1\n",
		},
		{
			"a small subnet", "203.0.113.224/28 proto kernel scope link src 203.0.113.230 \n", "203.0.113.230/28",
			"route replace 10.128.0.0/14 via 203.0.113.225 dev eth0\nroute replace 172.30.0.0/16 via 203.0.113.225 dev eth0\n",
			"10.128.0.0/14: via 203.0.113.225\n172.30.0.0/16: via 203.0.113.225\n",
		},
		{"nothing to go by", "", "10.1.2.3/32", "", "cluster-routes: neither a route nor the subnet of eth0 tells its gateway\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			told, said, failed := runRoutes(t, test.routes, test.address)
			if told != test.want || said != test.said || failed != (test.want == "") {
				t.Errorf("told ip %q, said %q, failed %t\nwant %q and %q", told, said, failed, test.want, test.said)
			}
		})
	}
}

func runRoutes(t *testing.T, routes, address string) (told, said string, failed bool) {
	t.Helper()
	dir := t.TempDir()
	ip, log := filepath.Join(dir, "ip"), filepath.Join(dir, "log")
	script := "#!/bin/sh\ncase \"$*\" in\n'-4 route show dev eth0') printf '%s' \"$ROUTES\" ;;\n" +
		"'-4 -o addr show dev eth0') echo \"3: eth0    inet $ADDRESS scope global eth0\" ;;\n*) echo \"$*\" >> \"$LOG\" ;;\nesac\n"
	for path, text := range map[string]string{ip: script, log: ""} {
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	containers, err := initContainers(sample(), Options{Routes: networks(t, "10.128.0.0/14 172.30.0.0/16")})
	if err != nil || len(containers) != 1 {
		t.Fatalf("%d containers, error %v", len(containers), err)
	}
	c := containers[0]
	cmd := exec.Command(c.Command[0], append(c.Command[1:], c.Args...)...)
	cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "ROUTES=" + routes, "ADDRESS=" + address, "LOG=" + log}
	out, err := cmd.CombinedOutput()
	text, readErr := os.ReadFile(log)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return string(text), string(out), err != nil
}
