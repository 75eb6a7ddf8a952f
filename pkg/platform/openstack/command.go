package openstack

import (
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

// setPairs is the openstack command that adds and removes pairs of a port as a Change does.
func setPairs(id string, add, remove []ports.AddressPair) string {
	var commands []string
	if len(add) > 0 {
		commands = append(commands, addCommand(id, add...))
	}
	if len(remove) > 0 {
		commands = append(commands, removeCommand(id, remove...))
	}
	return strings.Join(commands, " && ")
}

func addCommand(id string, pairs ...ports.AddressPair) string { return pairsCommand("set", id, pairs) }

func removeCommand(id string, pairs ...ports.AddressPair) string {
	return pairsCommand("unset", id, pairs)
}

func pairsCommand(verb, id string, pairs []ports.AddressPair) string {
	words := []string{"port", verb}
	for _, p := range pairs {
		value := "ip-address=" + p.IPAddress
		if p.MACAddress != "" {
			value += ",mac-address=" + p.MACAddress
		}
		words = append(words, "--allowed-address", value)
	}
	return openstackCommand(append(words, id)...)
}

// openstackCommand is a command line with every word quoted where a shell would take it apart.
func openstackCommand(words ...string) string {
	return "openstack " + shellescape.QuoteCommand(words)
}
