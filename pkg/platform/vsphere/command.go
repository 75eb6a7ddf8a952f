package vsphere

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// command is what an administrator could run for the change. Where govc has no command, or does more than
// is asked for, comment lines of the shell say so and what to run instead.
func (c *pending) command(fields []field) string {
	switch c.kind {
	case isDVPG:
		return c.dvCommand(fields)
	case isVSwitch:
		return c.esxcli(fields, "network vswitch standard policy security set", "--vswitch-name", c.name)
	default:
		return c.portGroupCommand(fields)
	}
}

// portGroupCommand is govc's. It sends the settings that it is given and no other, so that whatever else
// the port group overrides is gone: the explicit settings of the policy can be given too, the rest not.
func (c *pending) portGroupCommand(fields []field) string {
	spec := c.place.portGroup.Spec.Policy
	if says(reflect.ValueOf(spec.NicTeaming)) || says(reflect.ValueOf(spec.ShapingPolicy)) || says(reflect.ValueOf(spec.OffloadPolicy)) {
		return shellComment("govc host.portgroup.change would drop this port group's own NIC teaming, shaping or offload policy on host "+
			c.place.host.name+": esxcli keeps them") +
			c.esxcli(fields, "network vswitch standard portgroup policy security set", "--portgroup-name", c.name)
	}
	args := []string{"govc", "host.portgroup.change", "-host", quoted(c.place.host.name)}
	explicit := securityPolicy(spec.Security)
	for _, f := range []field{promiscuous, macChanges, forged} {
		switch {
		case slices.Contains(fields, f):
			args = append(args, f.words().govc+"=true")
		case explicit[f] != nil:
			args = append(args, fmt.Sprintf("%s=%t", f.words().govc, *explicit[f]))
		}
	}
	return shellComment("govc sends only what it is given: NIC teaming and shaping that this port group has overridden by then are dropped") +
		strings.Join(append(args, quoted(c.name)), " ")
}

// says reports whether a policy sets anything: hosts give empty ones too, of which all is inherited.
func says(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil() && (v.Elem().Kind() != reflect.Struct || says(v.Elem()))
	case reflect.Struct:
		for i := range v.NumField() {
			if says(v.Field(i)) {
				return true
			}
		}
		return false
	default:
		return !v.IsZero()
	}
}

// esxcli is the host's own command, by way of govc.
func (c *pending) esxcli(fields []field, command, nameFlag, name string) string {
	args := []string{"govc host.esxcli -host", quoted(c.place.host.name), command, nameFlag, quoted(name)}
	return strings.Join(append(args, collect.Map(fields, func(f field) string { return f.words().esxcli + " true" })...), " ")
}

func (c *pending) dvCommand(fields []field) string {
	out := []string{"govc has no command for the security policy of distributed port group " + c.group.name + ". In PowerCLI:"}
	args := ""
	for _, f := range fields {
		if flag := f.words().powerCLI; flag != "" {
			args += " " + flag + " $true"
		}
	}
	if args != "" {
		out = append(out, "  Get-VDPortgroup -Name '"+strings.ReplaceAll(c.group.name, "'", "''")+"' | Get-VDSecurityPolicy | Set-VDSecurityPolicy"+args)
	}
	if slices.Contains(fields, learning) {
		out = append(out, "  MAC learning has no cmdlet: in the vSphere client, edit the port group's settings, Security, MAC learning: Enabled")
	}
	return strings.TrimSuffix(strings.Join(collect.Map(out, shellComment), ""), "\n")
}

// shellComment is one comment line, whatever is in s: names are of whoever may name a port group.
func shellComment(s string) string { return "# " + finding.Printable(s) + "\n" }

// quoted is s as one word of a shell, on one line.
func quoted(s string) string { return shellescape.Quote(finding.Printable(s)) }
