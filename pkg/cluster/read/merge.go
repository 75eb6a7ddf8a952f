package read

import (
	"cmp"
	"slices"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Merge adds to s what one list has found.
func Merge(s, part *snapshot.Snapshot) {
	s.NotServed = union(s.NotServed, part.NotServed)
	s.Routers = append(s.Routers, part.Routers...)
	s.Unreadable = append(s.Unreadable, part.Unreadable...)
	s.NADs = append(s.NADs, part.NADs...)
	s.Deployments = append(s.Deployments, part.Deployments...)
	s.Pods = append(s.Pods, part.Pods...)
	s.Services = append(s.Services, part.Services...)
	s.Endpoints = append(s.Endpoints, part.Endpoints...)
	s.NetworkPolicies = append(s.NetworkPolicies, part.NetworkPolicies...)
	s.Namespaces = append(s.Namespaces, part.Namespaces...)
	s.Nodes = append(s.Nodes, part.Nodes...)
	s.Claims = append(s.Claims, part.Claims...)
	s.Grants = cmp.Or(part.Grants, s.Grants)
	for _, unknown := range part.Unknown {
		if !slices.ContainsFunc(s.Unknown, func(known snapshot.Unknown) bool { return sameLists(known, unknown) }) {
			s.Unknown = append(s.Unknown, unknown)
		}
	}
	mergeCluster(&s.Cluster, part.Cluster)
}

// sameLists reports whether two lists of one resource failed alike: Deployments and pods are read by two, and of one by name
// the server words its refusal differently.
func sameLists(a, b snapshot.Unknown) bool {
	b.Reason = a.Reason
	return a == b
}

// mergeCluster takes over what part knows: each object of the cluster's own is read by one list.
func mergeCluster(c *snapshot.Cluster, part snapshot.Cluster) {
	c.Platform = cmp.Or(part.Platform, c.Platform)
	c.NetworkType = cmp.Or(part.NetworkType, c.NetworkType)
	c.NetworkOperator = cmp.Or(part.NetworkOperator, c.NetworkOperator)
	c.Hosted = c.Hosted || part.Hosted
	c.PodCIDRs = union(c.PodCIDRs, part.PodCIDRs)
	c.ServiceCIDRs = union(c.ServiceCIDRs, part.ServiceCIDRs)
}

// union adds those of more that are not in list yet, in order.
func union[T comparable](list, more []T) []T {
	return append(list, collect.Filter(more, func(item T) bool { return !slices.Contains(list, item) })...)
}

// trim leaves out what has to do with no router: what other people run in the cluster is nobody's who is
// shown the Snapshot. The namespace asked for is kept too: a router may be about to be made there.
func trim(s *snapshot.Snapshot, namespace string) {
	at := map[string]bool{namespace: true}
	services := map[string]bool{}
	policies := map[string]bool{}
	for _, r := range s.Routers {
		at[r.Namespace] = true
	}
	x := s.Index()
	for _, r := range s.Routers {
		for _, service := range append(x.ServicesOf(r), x.LostServicesOf(r)...) {
			services[cluster.Key(service.Namespace, service.Name)] = true
		}
		for _, policy := range x.PoliciesOf(r) {
			policies[cluster.Key(policy.Namespace, policy.Name)] = true
		}
	}
	s.Services = slices.DeleteFunc(s.Services, func(v snapshot.Service) bool { return !services[cluster.Key(v.Namespace, v.Name)] })
	s.Endpoints = slices.DeleteFunc(s.Endpoints, func(v snapshot.Endpoints) bool { return !services[cluster.Key(v.Namespace, v.Service)] })
	s.NetworkPolicies = slices.DeleteFunc(s.NetworkPolicies, func(v snapshot.NetworkPolicy) bool { return !policies[cluster.Key(v.Namespace, v.Name)] })
	s.Namespaces = slices.DeleteFunc(s.Namespaces, func(v snapshot.Namespace) bool { return !at[v.Name] })
}
