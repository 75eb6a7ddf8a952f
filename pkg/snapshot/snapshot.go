// Package snapshot is a cluster as plain data: what was read, and what could not be. Only what is named here
// is ever kept of a cluster, so that a Snapshot can be saved and shown to others.
package snapshot

import (
	"cmp"
	"slices"
	"time"
)

// Snapshot is all that the checks and the reports see of a cluster, or of files.
type Snapshot struct {
	// Taken is when the cluster was read; zero for files.
	Taken time.Time `json:"taken,omitzero"`
	// Namespace is the one that was read where the whole cluster was not; "" for all.
	Namespace string `json:"namespace,omitempty"`
	// NotServed are the resources whose API the cluster does not have, such as egressrouters.
	NotServed []string `json:"notServed,omitempty"`
	Cluster   Cluster  `json:"cluster"`

	Routers []Router `json:"routers,omitempty"`
	// Unreadable are the routers whose description cannot be understood.
	Unreadable      []Unreadable    `json:"unreadable,omitempty"`
	NADs            []NAD           `json:"nads,omitempty"`
	Deployments     []Deployment    `json:"deployments,omitempty"`
	Pods            []Pod           `json:"pods,omitempty"`
	Services        []Service       `json:"services,omitempty"`
	Endpoints       []Endpoints     `json:"endpoints,omitempty"`
	NetworkPolicies []NetworkPolicy `json:"networkPolicies,omitempty"`
	Namespaces      []Namespace     `json:"namespaces,omitempty"`
	Nodes           []Node          `json:"nodes,omitempty"`
	// Claims are the addresses that others than routers and nodes hold by name.
	Claims []Claim `json:"claims,omitempty"`
	// Grants say which namespace may have which addresses; nil where the cluster has none, or nobody asked.
	Grants *Grants `json:"grants,omitempty"`
	// Rights are what the user may do in Namespace; nil where nobody asked.
	Rights *Rights `json:"rights,omitempty"`
	// Unknown is what could not be read.
	Unknown []Unknown `json:"unknown,omitempty"`
}

// Grants are what the cluster's administrator has granted, as it was written.
type Grants struct {
	Data map[string]string `json:"data"`
}

// Unreadable is a router that is there, and whose description cannot be understood.
type Unreadable struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Object is what holds the description, as kubectl calls it: deployment.apps/NAME.
	Object string `json:"object"`
	Reason string `json:"reason"`
}

// Unknown is a part of the cluster that the user may not read.
type Unknown struct {
	Resource string `json:"resource"`
	// Group is the resource's API group, "" for the core.
	Group string `json:"group,omitempty"`
	// Namespace is "" for the whole cluster.
	Namespace string `json:"namespace,omitempty"`
	// Partial tells that the namespace asked for was read, and only the others are unknown.
	Partial bool `json:"partial,omitempty"`
	// Reason is the server's.
	Reason string `json:"reason"`
}

// String names what is unknown: "nodes", "pods in namespace billing".
func (u Unknown) String() string {
	if u.Partial && u.Resource == "namespaces" {
		return "other namespaces"
	}
	if u.Partial {
		return u.Resource + " in other namespaces"
	}
	if u.Namespace == "" {
		return u.Resource + " of the whole cluster"
	}
	return u.Resource + " in namespace " + u.Namespace
}

// Serves reports whether the cluster has the API of resource, such as "egressrouters".
func (s *Snapshot) Serves(resource string) bool { return !slices.Contains(s.NotServed, resource) }

// Knows reports whether all of resource was read that is there: it is neither unknown nor left out.
func (s *Snapshot) Knows(resource string) bool {
	return !slices.ContainsFunc(s.Unknown, func(u Unknown) bool { return u.Resource == resource })
}

// UnknownOf is the first part of resources that could not be read at all, or nil.
func (s *Snapshot) UnknownOf(resources ...string) *Unknown {
	for i, u := range s.Unknown {
		if !u.Partial && slices.Contains(resources, u.Resource) {
			return &s.Unknown[i]
		}
	}
	return nil
}

// Sort orders everything in s by namespace and name, and keeps each claim once.
func (s *Snapshot) Sort() {
	slices.Sort(s.NotServed)
	slices.SortFunc(s.Routers, func(a, b Router) int {
		return cmp.Or(byName(a.Namespace, b.Namespace, a.Name, b.Name), cmp.Compare(a.Provisioner, b.Provisioner))
	})
	slices.SortFunc(s.Unreadable, func(a, b Unreadable) int { return byName(a.Namespace, b.Namespace, a.Name, b.Name) })
	slices.SortFunc(s.NADs, func(a, b NAD) int { return byName(a.Namespace, b.Namespace, a.Name, b.Name) })
	slices.SortFunc(s.Deployments, func(a, b Deployment) int { return byName(a.Namespace, b.Namespace, a.Name, b.Name) })
	slices.SortFunc(s.Pods, func(a, b Pod) int { return byName(a.Namespace, b.Namespace, a.Name, b.Name) })
	slices.SortFunc(s.Services, func(a, b Service) int { return byName(a.Namespace, b.Namespace, a.Name, b.Name) })
	slices.SortFunc(s.Endpoints, func(a, b Endpoints) int { return byName(a.Namespace, b.Namespace, a.Service, b.Service) })
	slices.SortFunc(s.NetworkPolicies, func(a, b NetworkPolicy) int { return byName(a.Namespace, b.Namespace, a.Name, b.Name) })
	slices.SortFunc(s.Namespaces, func(a, b Namespace) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Nodes, func(a, b Node) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Claims, func(a, b Claim) int {
		return cmp.Or(cmp.Compare(a.By, b.By), cmp.Compare(a.Address, b.Address))
	})
	s.Claims = slices.Compact(s.Claims)
	slices.SortFunc(s.Unknown, func(a, b Unknown) int { return cmp.Compare(a.String(), b.String()) })
}

func byName(namespaceA, namespaceB, nameA, nameB string) int {
	return cmp.Or(cmp.Compare(namespaceA, namespaceB), cmp.Compare(nameA, nameB))
}
