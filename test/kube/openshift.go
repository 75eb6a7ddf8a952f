package kube

import (
	"context"
	"fmt"

	configv1 "github.com/openshift/api/config/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// createOpenShift makes what every OpenShift cluster says of itself: a healthy ClusterOperator network, the
// Infrastructure of a cluster on no platform that it knows, and the Network config of OVN-Kubernetes.
func createOpenShift(ctx context.Context, config *rest.Config) error {
	c, err := NewClient(config)
	if err != nil {
		return err
	}
	operator := healthyOperator()
	conditions := operator.Status.Conditions
	infrastructure := &configv1.Infrastructure{ObjectMeta: metav1.ObjectMeta{Name: "cluster"}}
	network := &configv1.Network{ObjectMeta: metav1.ObjectMeta{Name: "cluster"}}
	for _, object := range []client.Object{operator, infrastructure, network} {
		if err := c.Create(ctx, object); err != nil {
			return fmt.Errorf("creating %T %s: %w", object, object.GetName(), err)
		}
	}
	operator.Status.Conditions = conditions // what comes back of a creation has no status
	infrastructure.Status = configv1.InfrastructureStatus{
		InfrastructureName: "lab", PlatformStatus: &configv1.PlatformStatus{Type: configv1.NonePlatformType},
		ControlPlaneTopology: configv1.HighlyAvailableTopologyMode, InfrastructureTopology: configv1.HighlyAvailableTopologyMode,
		CPUPartitioning: configv1.CPUPartitioningNone,
	}
	if err := c.Status().Update(ctx, operator); err != nil {
		return fmt.Errorf("writing the status of ClusterOperator network: %w", err)
	}
	if err := c.Status().Update(ctx, infrastructure); err != nil {
		return fmt.Errorf("writing the status of Infrastructure cluster: %w", err)
	}
	network.Status = configv1.NetworkStatus{
		NetworkType:    "OVNKubernetes",
		ClusterNetwork: []configv1.ClusterNetworkEntry{{CIDR: "10.128.0.0/14", HostPrefix: 23}},
		ServiceNetwork: []string{"172.30.0.0/16"},
	}
	// Its CRD has no status of its own.
	if err := c.Update(ctx, network); err != nil {
		return fmt.Errorf("writing the status of Network cluster: %w", err)
	}
	return nil
}

// healthyOperator is the ClusterOperator network of a healthy cluster: available, neither progressing nor
// degraded.
func healthyOperator() *configv1.ClusterOperator {
	operator := &configv1.ClusterOperator{ObjectMeta: metav1.ObjectMeta{Name: "network"}}
	now := metav1.Now()
	for kind, status := range map[configv1.ClusterStatusConditionType]configv1.ConditionStatus{
		configv1.OperatorAvailable:   configv1.ConditionTrue,
		configv1.OperatorProgressing: configv1.ConditionFalse,
		configv1.OperatorDegraded:    configv1.ConditionFalse,
	} {
		operator.Status.Conditions = append(operator.Status.Conditions,
			configv1.ClusterOperatorStatusCondition{Type: kind, Status: status, LastTransitionTime: now})
	}
	return operator
}

// egressIPs is the least of a CRD that takes OVN-Kubernetes' EgressIPs. Its own is in a repository that is
// no small dependency.
func egressIPs() *apiextensionsv1.CustomResourceDefinition {
	anything := true
	return &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "egressips.k8s.ovn.org"},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: "k8s.ovn.org",
			Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: "EgressIP", ListKind: "EgressIPList", Plural: "egressips", Singular: "egressip"},
			Scope: apiextensionsv1.ClusterScoped,
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1", Served: true, Storage: true,
				Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
					Type: "object", XPreserveUnknownFields: &anything,
				}},
			}},
		},
	}
}
