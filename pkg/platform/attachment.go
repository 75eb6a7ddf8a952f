package platform

import (
	"net"
	"net/netip"
	"strings"

	nov1 "github.com/openshift/api/networkoperator/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Attachments are the places that the frames of routers leave from: the node where the pod of each is, and
// with allNodes every other one that it could be scheduled to. A router without a usable address has none.
func Attachments(s *snapshot.Snapshot, routers []snapshot.Router, allNodes bool) []Attachment {
	x := s.Index()
	return collect.Flat(routers, func(r snapshot.Router) []Attachment { return attachments(x, r, allNodes) })
}

func attachments(x *snapshot.Index, r snapshot.Router, allNodes bool) []Attachment {
	prefix, err := netip.ParsePrefix(egress.Address(&r.EgressRouter).IP)
	if err != nil {
		return nil
	}
	here := ""
	if pod := x.PodOf(r); pod != nil {
		here = pod.Node
	}
	nodes := []snapshot.Node{{Name: here}}
	if node := x.NodeOf(here); node != nil {
		nodes[0] = *node
	}
	if allNodes {
		nodes = x.NodesFor(r)
	} else if here == "" {
		return nil
	}
	like := Attachment{Router: egress.Key(&r.EgressRouter), IP: prefix, MAC: macOf(x, r), Destinations: destinations(&r.EgressRouter)}
	return collect.Map(nodes, func(node snapshot.Node) Attachment {
		like.Node, like.Active = nodeOf(node), node.Name == here
		return like
	})
}

// macOf is the MAC of r's net1: what Multus reports of the pod, else what the NAD fixes.
func macOf(x *snapshot.Index, r snapshot.Router) string {
	if pod := x.PodOf(r); pod != nil && pod.MAC != "" {
		return MACOf(pod)
	}
	if nad := x.NADOf(r); nad != nil {
		return strings.ToLower(render.ReadMAC(nad.Config))
	}
	return ""
}

// MACOf is the MAC of pod's net1, however it is spelled there: in lower case with colons. What is no MAC stays as it is.
func MACOf(pod *snapshot.Pod) string {
	mac, err := net.ParseMAC(pod.MAC)
	if err != nil {
		return strings.ToLower(pod.MAC)
	}
	return mac.String()
}

// destinations are the addresses that r sends to, each once; what is no address is left out.
func destinations(r *nov1.EgressRouter) []netip.Addr {
	var out []netip.Addr
	seen := map[netip.Addr]bool{}
	texts := collect.Map(egress.Rules(r), func(rule nov1.L4RedirectRule) string { return rule.DestinationIP })
	for _, text := range append([]string{egress.Fallback(r)}, texts...) {
		if addr, err := netip.ParseAddr(text); err == nil && !seen[addr] {
			seen[addr] = true
			out = append(out, addr)
		}
	}
	return out
}

// nodeOf is node as a platform knows it.
func nodeOf(node snapshot.Node) Node {
	out := Node{Name: node.Name, ProviderID: node.ProviderID, SystemUUID: node.SystemUUID, Hostname: node.Hostname}
	for _, text := range node.Addresses {
		if addr, err := netip.ParseAddr(text); err == nil {
			out.Addresses = append(out.Addresses, addr)
		}
	}
	return out
}

// Nodes are the nodes of s as a platform knows them, by name.
func Nodes(s *snapshot.Snapshot) map[string]Node {
	out := make(map[string]Node, len(s.Nodes))
	for _, node := range s.Nodes {
		out[node.Name] = nodeOf(node)
	}
	return out
}
