package cluster

import "github.com/kubectl-egress/kubectl-egress/pkg/egress"

// ours are the labels of what this tool makes for standalone routers.
func ours() map[string]string {
	return map[string]string{egress.LabelName: egress.NameValue, egress.LabelManagedBy: egress.ManagedByValue}
}

// operators are the labels of what the Cluster Network Operator makes for routers.
func operators() map[string]string { return map[string]string{"app": egress.OperatorApp} }

// readings are the lists that o asks for: their number does not grow with that of routers or namespaces.
func readings(o ReadOptions) []reading {
	lists := append(givenRouters(),
		reads(Pods, addPod).labelled(ours()),
		reads(Pods, addPod).labelled(operators()),
		reads(Services, addService),
	)
	if o.Nodes || o.Checks {
		lists = append(lists, reads(Nodes, addNode))
	}
	if !o.Checks {
		return lists
	}
	return append(lists,
		reads(NADs, addNAD),
		reads(Deployments, addOperatorDeployment).labelled(operators()),
		reads(EndpointSlices, addEndpoints),
		reads(NetworkPolicies, addNetworkPolicy),
		reads(ServiceCIDRs, addServiceCIDR),
		reads(Namespaces, addNamespace),
		reads(Infrastructures, addInfrastructure).only("cluster"),
		reads(ClusterNetworks, addNetwork).only("cluster"),
		reads(ClusterOperators, addNetworkOperator).only("network"),
		reads(EgressIPs, addEgressIP),
		reads(CloudPrivateIPs, addCloudPrivateIP),
	)
}

// givenRouters are the lists of the routers of both provisioners, as they were given.
func givenRouters() []reading {
	return []reading{reads(EgressRouters, addEgressRouter), reads(Deployments, addStandalone).labelled(ours())}
}
