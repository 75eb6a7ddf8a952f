package read

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Ours are the labels of what this tool makes for standalone routers.
func Ours() map[string]string {
	return map[string]string{egress.LabelName: egress.NameValue, egress.LabelManagedBy: egress.ManagedByValue}
}

// Operators are the labels of what the Cluster Network Operator makes for routers.
func Operators() map[string]string { return map[string]string{"app": egress.OperatorApp} }

// Of is the reading of a kind of which a Snapshot keeps something.
func Of(k cluster.Kind) cluster.Reading {
	for _, r := range []cluster.Reading{
		cluster.Reads(cluster.EgressRouters, addEgressRouter),
		cluster.Reads(cluster.NADs, addNAD),
		cluster.Reads(cluster.Deployments, addDeployment),
		cluster.Reads(cluster.Pods, addPod),
		cluster.Reads(cluster.Services, addService),
		cluster.Reads(cluster.EndpointSlices, addEndpoints),
		cluster.Reads(cluster.NetworkPolicies, addNetworkPolicy),
		cluster.Reads(cluster.Nodes, addNode),
		cluster.Reads(cluster.Namespaces, addNamespace),
		cluster.Reads(cluster.ServiceCIDRs, addServiceCIDR),
		cluster.Reads(cluster.Infrastructures, addInfrastructure).Only("cluster"),
		cluster.Reads(cluster.ClusterNetworks, addNetwork).Only("cluster"),
		cluster.Reads(cluster.ClusterOperators, addNetworkOperator).Only("network"),
		cluster.Reads(cluster.EgressIPs, addEgressIP),
		cluster.Reads(cluster.CloudPrivateIPs, addCloudPrivateIP),
	} {
		if r.Kind == k {
			return r
		}
	}
	return cluster.All(k)
}

// StandaloneRouters reads standalone routers off their Deployments.
func StandaloneRouters() cluster.Reading {
	return cluster.Reads(cluster.Deployments, addStandalone).Labelled(Ours())
}

// OperatorDeployments reads the Deployments that the Cluster Network Operator has made, and those of others that have
// their name, by which it finds them.
func OperatorDeployments() cluster.Reading {
	return Of(cluster.Deployments).Called(egress.OperatorDeployment)
}

// Granted reads the ConfigMap of the grants, in the namespace that has it; none is an empty list.
func Granted() cluster.Reading {
	return cluster.Reads(cluster.ConfigMaps, addGrants).Called(grant.Name)
}

// addGrants adds what is granted, as it was written.
func addGrants(s *snapshot.Snapshot, found *corev1.ConfigMap) error {
	s.Grants = &snapshot.Grants{Data: found.Data}
	return nil
}

// readings are the lists that o asks for: their number does not grow with that of routers or namespaces.
func readings(o Options) []cluster.Reading {
	lists := append(givenRouters(),
		Of(cluster.Pods).Labelled(Ours()), Of(cluster.Pods).Labelled(Operators()), Of(cluster.Services))
	if !o.Checks {
		return lists
	}
	lists = append(lists, Of(cluster.Nodes), OperatorDeployments())
	return append(lists, collect.Map([]cluster.Kind{
		cluster.NADs, cluster.EndpointSlices, cluster.NetworkPolicies, cluster.ServiceCIDRs, cluster.Namespaces,
		cluster.Infrastructures, cluster.ClusterNetworks, cluster.ClusterOperators, cluster.EgressIPs, cluster.CloudPrivateIPs,
	}, Of)...)
}

// givenRouters are the lists of the routers of both provisioners, as they were given.
func givenRouters() []cluster.Reading {
	return []cluster.Reading{Of(cluster.EgressRouters), StandaloneRouters()}
}
