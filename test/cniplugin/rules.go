//go:build linux

package main

import (
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
)

// form is "" for the plugin of OpenShift 4.20 on, which writes its rules with nft, and iptablesForm for that of
// releases before. The linker sets it: -X main.form=iptables.
var form string

const iptablesForm = "iptables"

// redirect sends what comes in at in on by the rules, in order, and gives what leaves at out the address from. It
// runs in the pod.
func redirect(in, out string, from net.IP, rules []rule, log logFile) error {
	if form == iptablesForm {
		return redirectByIptables(in, out, from, rules, log)
	}
	return redirectByNFT(in, out, from, rules)
}

// redirectByNFT writes all rules or none.
func redirectByNFT(in, out string, from net.IP, rules []rule) error {
	nft, err := exec.LookPath("nft")
	if err != nil {
		return fmt.Errorf("failed to get NFTables: could not find nftables binary: %w", err)
	}
	cmd := exec.Command(nft, "-f", "-")
	cmd.Stdin = strings.NewReader(nftScript(in, out, from, rules))
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("failed to set nftables rules: %w: %s", err, text)
	}
	return nil
}

// nftScript makes the table egress_cni again from nothing.
func nftScript(in, out string, from net.IP, rules []rule) string {
	var text strings.Builder
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&text, format+"\n", args...) }
	line("add table ip egress_cni")
	line("flush table ip egress_cni")
	line("add chain ip egress_cni prerouting { type nat hook prerouting priority -100 ; }")
	line("add chain ip egress_cni postrouting { type nat hook postrouting priority 100 ; }")
	line("add rule ip egress_cni postrouting oif %s snat to %s", out, from)
	for _, r := range rules {
		match := ""
		if r.protocol != "" {
			match = fmt.Sprintf("%s dport %d ", r.protocol, r.port)
		}
		line("add rule ip egress_cni prerouting iif %s %sdnat to %s", in, match, r.target())
	}
	return text.String()
}

// redirectByIptables writes rule by rule. That one fails the plugin does not see: its log says that it was added.
func redirectByIptables(in, out string, from net.IP, rules []rule, log logFile) error {
	iptables, err := exec.LookPath("iptables")
	if err != nil {
		return fmt.Errorf("failed to get IPTables: %w", err)
	}
	for _, args := range iptablesRules(in, out, from, rules) {
		_ = exec.Command(iptables, append([]string{"--wait", "-t", "nat", "-A"}, args...)...).Run()
		log.printf("Added iptables rule: iptables -t nat -A %s", strings.Join(args, " "))
	}
	return nil
}

// iptablesRules are the arguments of iptables for each rule.
func iptablesRules(in, out string, from net.IP, rules []rule) [][]string {
	var all [][]string
	for _, r := range rules {
		args := []string{"PREROUTING", "-i", in}
		if r.protocol != "" {
			args = append(args, "-p", r.protocol, "--dport", strconv.Itoa(int(r.port)))
		}
		all = append(all, append(args, "-j", "DNAT", "--to-destination", r.target()))
	}
	return append(all, []string{"POSTROUTING", "-o", out, "-j", "SNAT", "--to-source", from.String()})
}
