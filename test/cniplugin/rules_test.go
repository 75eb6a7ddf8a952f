//go:build linux

package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// example are rules of every kind, one of which no program takes.
func example(t *testing.T) []rule {
	t.Helper()
	rules, err := (&ipConfig{Destinations: []string{"8080 TCP 203.0.113.26 80", "53 udp 198.51.100.10", "80 TCP 203.0.113.0/24", "203.0.113.7"}}).rules()
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func TestNFTScript(t *testing.T) {
	want := `add table ip egress_cni
flush table ip egress_cni
add chain ip egress_cni prerouting { type nat hook prerouting priority -100 ; }
add chain ip egress_cni postrouting { type nat hook postrouting priority 100 ; }
add rule ip egress_cni postrouting oif net1 snat to 192.0.2.50
add rule ip egress_cni prerouting iif eth0 tcp dport 8080 dnat to 203.0.113.26:80
add rule ip egress_cni prerouting iif eth0 udp dport 53 dnat to 198.51.100.10
add rule ip egress_cni prerouting iif eth0 tcp dport 80 dnat to <nil>
add rule ip egress_cni prerouting iif eth0 dnat to 203.0.113.7
`
	if got := nftScript("eth0", "net1", net.IPv4(192, 0, 2, 50), example(t)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestNFTMissing: without the program nothing starts, and the log's words are those that docs/findings/EGR210.md has.
func TestNFTMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := redirectByNFT("eth0", "net1", net.IPv4(192, 0, 2, 50), nil)
	const words = "could not find nftables binary"
	if err == nil || !strings.HasPrefix(err.Error(), "failed to get NFTables: "+words) {
		t.Errorf("got %v", err)
	}
	page, err := os.ReadFile("../../docs/findings/EGR210.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), words) {
		t.Errorf("docs/findings/EGR210.md does not say %q", words)
	}
}

// TestIptablesSwallows: a rule that iptables refuses is missing, and the log claims it.
func TestIptablesSwallows(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	called := filepath.Join(dir, "called")
	script := "#!/bin/sh\necho \"$@\" >>" + called + "\ncase $* in *nil*) exit 2 ;; esac\n"
	if err := os.WriteFile(filepath.Join(dir, "iptables"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	log := logFile(filepath.Join(dir, "log"))
	if err := redirectByIptables("eth0", "net1", net.IPv4(192, 0, 2, 50), example(t), log); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(called)
	if err != nil {
		t.Fatal(err)
	}
	want := `--wait -t nat -A PREROUTING -i eth0 -p tcp --dport 8080 -j DNAT --to-destination 203.0.113.26:80
--wait -t nat -A PREROUTING -i eth0 -p udp --dport 53 -j DNAT --to-destination 198.51.100.10
--wait -t nat -A PREROUTING -i eth0 -p tcp --dport 80 -j DNAT --to-destination <nil>
--wait -t nat -A PREROUTING -i eth0 -j DNAT --to-destination 203.0.113.7
--wait -t nat -A POSTROUTING -o net1 -j SNAT --to-source 192.0.2.50
`
	if string(got) != want {
		t.Errorf("iptables was called with\n%s\nwant\n%s", got, want)
	}
	text, err := os.ReadFile(string(log))
	if err != nil {
		t.Fatal(err)
	}
	if claim := "Added iptables rule: iptables -t nat -A PREROUTING -i eth0 -p tcp --dport 80 -j DNAT --to-destination <nil>"; !strings.Contains(string(text), claim) {
		t.Errorf("the log says\n%s\nwant %s", text, claim)
	}
}
