package cluster

import (
	"context"
	"fmt"

	configv1 "github.com/openshift/api/config/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// reading is one list, or one object, that a Snapshot is filled from.
type reading struct {
	gvr            schema.GroupVersionResource
	labels, fields string
	// name is the one object that is read; "" is a list.
	name string
	// cluster tells that the resource has no namespaces.
	cluster bool
	// own tells that the objects are the namespaces themselves: with rights in one alone, that one can be read.
	own bool
	// page reads one page of the list, or the object.
	page func(ctx context.Context, c *Client, namespace string, o metav1.ListOptions) (runtime.Object, error)
	add  func(*snapshot.Snapshot, runtime.Object) error
}

func (r reading) verb() string {
	if r.name != "" {
		return "get"
	}
	return "list"
}

// only is r for the object of that name alone.
func (r reading) only(name string) reading {
	r.name = name
	r.page = metadataPage(r.gvr, name)
	return r
}

// narrower is r where it was forbidden in the whole cluster, for the namespace asked for.
func (r reading) narrower(namespace string, o ReadOptions) (reading, bool) {
	switch {
	case namespace != "" || o.Namespace == "" || r.name != "":
		return r, false
	case r.own:
		return r.only(o.Namespace), true
	default:
		return r, !r.cluster
	}
}

// readings are the lists that o asks for: their number does not grow with that of routers or namespaces.
func readings(o ReadOptions) []reading {
	ours := selector(map[string]string{egress.LabelName: egress.NameValue, egress.LabelManagedBy: egress.ManagedByValue})
	operators := selector(map[string]string{"app": egress.OperatorApp})
	addRouter, addStandalone := of(addGivenRouter), of(addGivenStandalone)
	if o.Checks {
		addRouter, addStandalone = of(addEgressRouter), of(addStandaloneRouter)
	}
	lists := []reading{
		custom(egress.Resource, addRouter),
		builtin(deployments(), &appsv1.DeploymentList{}, addStandalone).labelled(ours),
		builtin(core("pods"), &corev1.PodList{}, of(addPod)).labelled(ours),
		builtin(core("pods"), &corev1.PodList{}, of(addPod)).labelled(operators),
		builtin(core("services"), &corev1.ServiceList{}, of(addService)),
	}
	if o.Nodes || o.Checks {
		lists = append(lists, builtin(core("nodes"), &corev1.NodeList{}, of(addNode)).ofCluster())
	}
	if !o.Checks {
		return lists
	}
	return append(lists,
		custom(nads(), of(addNAD)),
		builtin(deployments(), &appsv1.DeploymentList{}, of(addOperatorDeployment)).labelled(operators),
		builtin(discoveryv1.SchemeGroupVersion.WithResource("endpointslices"), &discoveryv1.EndpointSliceList{}, of(addEndpoints)),
		builtin(networkingv1.SchemeGroupVersion.WithResource("networkpolicies"), &networkingv1.NetworkPolicyList{}, of(addNetworkPolicy)),
		builtin(networkingv1.SchemeGroupVersion.WithResource("servicecidrs"), &networkingv1.ServiceCIDRList{}, of(addServiceCIDR)).ofCluster(),
		namespaces(),
		custom(openShift("infrastructures"), of(addInfrastructure)).ofCluster().named("cluster"),
		custom(openShift("networks"), of(addNetwork)).ofCluster().named("cluster"),
		custom(clusterOperators(), of(addNetworkOperator)).ofCluster().named("network"),
		custom(schema.GroupVersionResource{Group: "k8s.ovn.org", Version: "v1", Resource: "egressips"}, of(addEgressIP)).ofCluster(),
		cloudPrivateIPs(),
	)
}

// optional reports whether a cluster may lack the API group.
func optional(group string) bool {
	switch group {
	case egress.Resource.Group, nads().Group, configv1.GroupName, "k8s.ovn.org", "cloud.network.openshift.io":
		return true
	}
	return false
}

func openShift(resource string) schema.GroupVersionResource {
	return configv1.GroupVersion.WithResource(resource)
}

// builtin reads a type of Kubernetes' own; list is an empty list of it.
func builtin(gvr schema.GroupVersionResource, list runtime.Object, add func(*snapshot.Snapshot, runtime.Object) error) reading {
	return reading{gvr: gvr, add: add, page: func(ctx context.Context, c *Client, namespace string, o metav1.ListOptions) (runtime.Object, error) {
		page := list.DeepCopyObject()
		return page, c.readBuiltin(ctx, gvr, namespace, o, page)
	}}
}

// custom reads a type that a CRD defines.
func custom(gvr schema.GroupVersionResource, add func(*snapshot.Snapshot, runtime.Object) error) reading {
	return reading{gvr: gvr, add: add, page: func(ctx context.Context, c *Client, namespace string, o metav1.ListOptions) (runtime.Object, error) {
		return c.dynamic.Resource(gvr).Namespace(namespace).List(ctx, o)
	}}
}

// namespaces reads the namespaces' metadata.
func namespaces() reading {
	gvr := core("namespaces")
	return reading{gvr: gvr, cluster: true, own: true, add: of(addNamespace), page: metadataPage(gvr, "")}
}

// cloudPrivateIPs reads the metadata of CloudPrivateIPConfigs: their names are the addresses.
func cloudPrivateIPs() reading {
	gvr := schema.GroupVersionResource{Group: "cloud.network.openshift.io", Version: "v1", Resource: "cloudprivateipconfigs"}
	return reading{gvr: gvr, cluster: true, add: of(addCloudPrivateIP), page: metadataPage(gvr, "")}
}

func metadataPage(gvr schema.GroupVersionResource, name string) func(context.Context, *Client, string, metav1.ListOptions) (runtime.Object, error) {
	return func(ctx context.Context, c *Client, _ string, o metav1.ListOptions) (runtime.Object, error) {
		if name != "" {
			return c.metadata.Resource(gvr).Get(ctx, name, getOptions())
		}
		return c.metadata.Resource(gvr).List(ctx, o)
	}
}

func (r reading) labelled(labels string) reading {
	r.labels = labels
	return r
}

func (r reading) ofCluster() reading {
	r.cluster = true
	return r
}

// named is r for one object, of a custom type.
func (r reading) named(name string) reading {
	gvr := r.gvr
	r.name = name
	r.page = func(ctx context.Context, c *Client, namespace string, _ metav1.ListOptions) (runtime.Object, error) {
		return c.dynamic.Resource(gvr).Namespace(namespace).Get(ctx, name, getOptions())
	}
	return r
}

// of makes of a function for one type one for any object.
func of[T runtime.Object](add func(*snapshot.Snapshot, T) error) func(*snapshot.Snapshot, runtime.Object) error {
	return func(s *snapshot.Snapshot, object runtime.Object) error {
		t, ok := object.(T)
		if !ok {
			return fmt.Errorf("the cluster answered with %T where %T was asked for", object, t)
		}
		return add(s, t)
	}
}
