package platform

import (
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Platform is an infrastructure that there is an adapter for, and how a cluster is known to run on it.
type Platform struct {
	// Name is written after "preflight" and "sync", and is that of a Plan.
	Name string
	// Title is its name in a sentence.
	Title string
	// Infrastructure is what OpenShift's Infrastructure calls it (status.platformStatus.type), in any case; "" where
	// OpenShift has no name for it.
	Infrastructure string
	// Schemes are what the provider IDs of its nodes begin with, without the colon.
	Schemes []string
	// Blanket is set where all frames of a node are allowed or none, whatever their MAC and destination.
	Blanket bool
}

// Detect returns the name of the one of platforms that the nodes of s run on, "" for none: what OpenShift's
// Infrastructure says, else the prefix of the nodes' provider IDs.
func Detect(s *snapshot.Snapshot, platforms []Platform) string {
	find := func(fits func(Platform) bool) string {
		if i := slices.IndexFunc(platforms, fits); i >= 0 {
			return platforms[i].Name
		}
		return ""
	}
	if called := s.Cluster.Platform; called != "" && !strings.EqualFold(called, "None") {
		return find(func(p Platform) bool { return strings.EqualFold(p.Infrastructure, called) })
	}
	for _, node := range s.Nodes {
		scheme, _, found := strings.Cut(node.ProviderID, ":")
		if name := find(func(p Platform) bool { return found && slices.Contains(p.Schemes, scheme) }); name != "" {
			return name
		}
	}
	return ""
}
