package check

import (
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// The resources that checks ask the Snapshot for.
const (
	routersResource  = "egressrouters"
	nadsResource     = "network-attachment-definitions"
	deployments      = "deployments"
	podsResource     = "pods"
	eventsResource   = "events"
	servicesResource = "services"
	nodesResource    = "nodes"
	policiesResource = "networkpolicies"

	endpointsResource = "endpointslices"
	operatorsResource = "clusteroperators"
)

// noAPI is EGR201.
func noAPI(c *state) []finding.Finding {
	var out []finding.Finding
	if !c.Serves(nadsResource) {
		out = append(out, onCluster(finding.NoAPI, finding.Error,
			"the API network-attachment-definitions.k8s.cni.cncf.io is not served: Multus is not installed",
			"the router's net1 is a network that Multus attaches: without it the pod starts with eth0 alone and has no reserved address",
			"install Multus and the CNI plugin egress-router on the nodes, then see that "+c.cli()+" api-resources --api-group=k8s.cni.cncf.io lists it"))
	}
	if c.Provisioner == egress.Operator && !c.Serves(routersResource) {
		out = append(out, onCluster(finding.NoAPI, finding.Error,
			"the API egressrouters.network.operator.openshift.io is not served, and --provisioner=operator needs it",
			"only OpenShift's Cluster Network Operator brings this API, and only it makes routers of EgressRouters",
			"use --provisioner=standalone, which makes NAD and Deployment itself"))
	}
	return out
}
