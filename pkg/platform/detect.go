package platform

import (
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Name is a platform that there is an adapter for, as it is written after "preflight"; "" is none.
type Name string

// The platforms.
const (
	OpenStack Name = "openstack"
	VSphere   Name = "vsphere"
)

// Title is the platform's name in a sentence.
func (n Name) Title() string {
	switch n {
	case OpenStack:
		return "OpenStack"
	case VSphere:
		return "vSphere"
	default:
		return string(n)
	}
}

// Detect tells which platform the nodes of s stand on: what OpenShift's Infrastructure says, else the prefix
// of the nodes' provider IDs.
func Detect(s *snapshot.Snapshot) Name {
	for _, name := range []Name{OpenStack, VSphere} {
		if strings.EqualFold(s.Cluster.Platform, string(name)) {
			return name
		}
	}
	if s.Cluster.Platform != "" && !strings.EqualFold(s.Cluster.Platform, "None") {
		return ""
	}
	for _, node := range s.Nodes {
		for _, name := range []Name{OpenStack, VSphere} {
			if strings.HasPrefix(node.ProviderID, string(name)+":") {
				return name
			}
		}
	}
	return ""
}
