package read

import (
	"net/netip"
	"slices"
	"strings"

	nadv1 "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	"go4.org/netipx"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

func addNAD(s *snapshot.Snapshot, nad *nadv1.NetworkAttachmentDefinition) error {
	out := snapshot.NAD{
		Namespace: nad.Namespace, Name: nad.Name, Router: routerOf(nad), Created: nad.CreationTimestamp.UTC(),
		Changed: lastChange(nad).UTC(), Writer: lastWrite(nad, "f:spec").Manager, Generation: nad.Generation, UID: string(nad.UID),
	}
	// A config that cannot be read has no plugins: it is not a router's as far as anyone can tell.
	plugins, _ := render.Plugins(nad.Spec.Config)
	if slices.ContainsFunc(plugins, render.Plugin.IsRouter) {
		out.Config = nad.Spec.Config
	} else {
		for _, p := range plugins {
			var conf struct {
				IPAM ipam `json:"ipam"`
			}
			if p.Read(&conf) != nil {
				continue // its addresses cannot be read
			}
			addresses, ranges := conf.IPAM.read()
			out.Addresses = append(out.Addresses, addresses...)
			claim(s, "NAD "+cluster.Key(nad.Namespace, nad.Name), collect.Map(ranges, netip.Prefix.String)...)
		}
	}
	s.NADs = append(s.NADs, out)
	return nil
}

// lastChange is when the NAD's content was last written, as far as the server tells.
func lastChange(nad *nadv1.NetworkAttachmentDefinition) metav1.Time {
	last := writtenAt(nad, "f:spec")
	if nad.Generation <= 1 || !last.IsZero() && last.Before(&nad.CreationTimestamp) {
		return nad.CreationTimestamp
	}
	return last
}

// ipam is what is read of a plugin's address management: "static", and the ranges of whereabouts and host-local.
type ipam struct {
	Addresses []struct {
		Address string `json:"address"`
	} `json:"addresses"`
	ipRange
	IPRanges []ipRange   `json:"ipRanges"`
	Ranges   [][]ipRange `json:"ranges"`
}

// ipRange is a range in whereabouts' or in host-local's words.
type ipRange struct {
	Range      string   `json:"range"`
	RangeStart string   `json:"range_start"`
	RangeEnd   string   `json:"range_end"`
	Exclude    []string `json:"exclude"`
	Subnet     string   `json:"subnet"`
	First      string   `json:"rangeStart"`
	Last       string   `json:"rangeEnd"`
}

// read gives the addresses that are fixed, and the ranges that are given away from. An address is written
// with the prefix length of its subnet, of which it holds but itself.
func (i ipam) read() (addresses []string, ranges []netip.Prefix) {
	for _, a := range i.Addresses {
		if address, _, _ := strings.Cut(a.Address, "/"); address != "" {
			addresses = append(addresses, address)
		}
	}
	all := slices.Concat([]ipRange{i.ipRange}, i.IPRanges, slices.Concat(i.Ranges...))
	return addresses, collect.Flat(all, ipRange.prefixes)
}

// prefixes are the range less what is excluded from it; none where it cannot be read.
func (r ipRange) prefixes() []netip.Prefix {
	subnet, first, last := r.Range+r.Subnet, r.RangeStart+r.First, r.RangeEnd+r.Last
	if from, to, ok := strings.Cut(subnet, "-"); ok {
		// whereabouts' other notation: 192.168.2.10-192.168.2.20/24.
		first, subnet = from, to
		last, _, _ = strings.Cut(to, "/")
	}
	prefix, err := netip.ParsePrefix(subnet)
	if err != nil {
		return nil
	}
	whole := netipx.RangeOfPrefix(prefix)
	from, to := whole.From(), whole.To()
	if addr, err := netip.ParseAddr(first); err == nil {
		from = addr
	}
	if addr, err := netip.ParseAddr(last); err == nil {
		to = addr
	}
	var set netipx.IPSetBuilder
	set.AddRange(netipx.IPRangeFrom(from, to))
	for _, text := range r.Exclude {
		if excluded, err := netip.ParsePrefix(text); err == nil {
			set.RemovePrefix(excluded.Masked())
		} else if addr, err := netip.ParseAddr(text); err == nil {
			set.Remove(addr)
		}
	}
	left, err := set.IPSet()
	if err != nil {
		return nil
	}
	return left.Prefixes()
}
