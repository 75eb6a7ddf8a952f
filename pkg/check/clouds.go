package check

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// cloud is a platform that drops frames of MACs it has not given out itself, as macvlan sends them.
type cloud struct {
	name string
	// platform is what Infrastructure calls it, "" where it has no name there.
	platform string
	// schemes begin the providerID of its nodes.
	schemes []string
}

func clouds() []cloud {
	return []cloud{
		{"AWS", "AWS", []string{"aws"}},
		{"Azure", "Azure", []string{"azure"}},
		{"Google Cloud (GCP)", "GCP", []string{"gce"}},
		{"IBM Cloud", "IBMCloud", []string{"ibm"}},
		{"Alibaba Cloud", "AlibabaCloud", []string{"alicloud", "alibabacloud"}},
		{"DigitalOcean", "", []string{"digitalocean"}},
		{"Linode", "", []string{"linode"}},
		{"Hetzner Cloud", "", []string{"hcloud"}},
		{"Oracle Cloud", "", []string{"oci"}},
	}
}

// IsCloud reports whether name is that of such a cloud: OpenShift's, or what the provider IDs of its nodes begin with.
func IsCloud(name string) bool {
	return name != "" && slices.ContainsFunc(clouds(), func(c cloud) bool {
		return strings.EqualFold(c.platform, name) || slices.Contains(c.schemes, strings.ToLower(name))
	})
}

// noMacvlan is EGR203, once for each such cloud that nodes are on. It speaks before any router exists.
func noMacvlan(c *state) []finding.Finding {
	var out []finding.Finding
	for _, cloud := range clouds() {
		if f, found := c.onCloud(cloud); found {
			out = append(out, f)
		}
	}
	return out
}

// onCloud is EGR203 for one cloud. What the node's providerID says goes before what Infrastructure says of
// the cluster, since some nodes may stand elsewhere.
func (c *state) onCloud(cloud cloud) (finding.Finding, bool) {
	whole := cloud.platform != "" && strings.EqualFold(c.Cluster.Platform, cloud.platform)
	var there []snapshot.Node
	elsewhere := false
	var example string
	for _, node := range c.Nodes {
		scheme, _, _ := strings.Cut(node.ProviderID, ":")
		named := slices.Contains(cloud.schemes, scheme)
		switch {
		case named:
			example = "the providerID of node " + node.Name + " begins with " + scheme + ":"
			there = append(there, node)
		case whole && scheme == "":
			there = append(there, node)
		default:
			elsewhere = elsewhere || takesAny(node)
		}
	}
	if len(there) == 0 && (!whole || elsewhere) {
		return finding.Finding{}, false
	}
	known := example
	if whole {
		known = "Infrastructure cluster says that the platform is " + cloud.platform
	}
	nodes := "the nodes are"
	switch {
	case len(there) == 1:
		nodes = sprintf("node %s (1 of %d) is", there[0].Name, len(c.Nodes))
	case len(there) > 1:
		nodes = sprintf("%d of %s are", len(there), finding.Count(len(c.Nodes), "node"))
	}
	level, fix := finding.Error, "run egress routers on a cluster on bare metal, OpenStack or vSphere; on this platform use what it offers instead, such as its NAT gateway or OVN-Kubernetes' EgressIP"
	if elsewhere && !c.routerOn(there) {
		level, fix = finding.Warning, "keep the routers on the other nodes: --node-selector takes a label that only those have"
	}
	return onCluster(finding.NoMacvlan, level,
		sprintf("%s on %s, which drops macvlan traffic", nodes, cloud.name),
		sprintf("%s; the platform forwards only frames of the MAC addresses that it gave to the machines, and net1 has another: the pod runs, and nothing it sends arrives", known), fix), true
}

// takesAny reports whether pods that tolerate nothing may be scheduled to node.
func takesAny(node snapshot.Node) bool {
	return !slices.ContainsFunc(node.Taints, func(t corev1.Taint) bool {
		return t.Effect != corev1.TaintEffectPreferNoSchedule && !strings.HasPrefix(t.Key, "node.kubernetes.io/")
	})
}

// routerOn reports whether the pod of a router is on one of nodes.
func (c *state) routerOn(nodes []snapshot.Node) bool {
	return slices.ContainsFunc(c.Routers, func(r snapshot.Router) bool {
		pod := c.PodOf(r)
		return pod != nil && slices.ContainsFunc(nodes, func(n snapshot.Node) bool { return n.Name == pod.Node })
	})
}
