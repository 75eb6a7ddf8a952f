package cluster

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// Kind is a kind of object that this tool reads or writes: a row of the table in rows. The kinds are known, so nothing
// is discovered to find them.
type Kind int

// The kinds, each with its row in the table.
const (
	EgressRouters Kind = iota
	NADs
	Deployments
	DaemonSets
	Pods
	Services
	EndpointSlices
	NetworkPolicies
	Events
	ConfigMaps
	Secrets
	Nodes
	Namespaces
	Projects
	ServiceCIDRs
	Infrastructures
	ClusterNetworks
	ClusterOperators
	EgressIPs
	CloudPrivateIPs
	kindCount
)

// kindRow is what the tool knows of a kind.
type kindRow struct {
	group, version, resource, kind string
	scope                          scope
	served                         served
	format                         format
}

// scope says whether objects of a kind are in namespaces.
type scope bool

// served says whether every cluster serves a kind.
type served bool

// format says how objects of a kind are read.
type format int

const (
	namespaced  scope  = false
	clusterWide scope  = true
	always      served = false
	optional    served = true
)

const (
	// asTyped reads Kubernetes' own types, in protobuf.
	asTyped format = iota
	// asUnstructured reads any object whole, in JSON.
	asUnstructured
	// asMetadata reads the metadata alone.
	asMetadata
)

// rows is the table of kinds: where the API server keeps them, what they are, and how they are read unless a reading
// says otherwise.
func rows() [kindCount]kindRow {
	const core, networking, openShift = "", "networking.k8s.io", "config.openshift.io"
	return [...]kindRow{
		EgressRouters: {egress.Resource.Group, egress.Resource.Version, egress.Resource.Resource, egress.Kind.Kind, namespaced, optional, asUnstructured},
		NADs:          {"k8s.cni.cncf.io", "v1", "network-attachment-definitions", "NetworkAttachmentDefinition", namespaced, optional, asUnstructured},

		Deployments:     {"apps", "v1", "deployments", "Deployment", namespaced, always, asTyped},
		DaemonSets:      {"apps", "v1", "daemonsets", "DaemonSet", namespaced, always, asTyped},
		Pods:            {core, "v1", "pods", "Pod", namespaced, always, asTyped},
		Services:        {core, "v1", "services", "Service", namespaced, always, asTyped},
		EndpointSlices:  {"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", namespaced, always, asTyped},
		NetworkPolicies: {networking, "v1", "networkpolicies", "NetworkPolicy", namespaced, always, asTyped},
		Events:          {core, "v1", "events", "Event", namespaced, always, asTyped},
		ConfigMaps:      {core, "v1", "configmaps", "ConfigMap", namespaced, always, asTyped},
		Secrets:         {core, "v1", "secrets", "Secret", namespaced, always, asTyped},
		Nodes:           {core, "v1", "nodes", "Node", clusterWide, always, asTyped},
		Namespaces:      {core, "v1", "namespaces", "Namespace", clusterWide, always, asMetadata},
		ServiceCIDRs:    {networking, "v1", "servicecidrs", "ServiceCIDR", clusterWide, always, asTyped},

		// OpenShift's, and OVN-Kubernetes'.
		Projects:         {"project.openshift.io", "v1", "projects", "Project", clusterWide, optional, asMetadata},
		Infrastructures:  {openShift, "v1", "infrastructures", "Infrastructure", clusterWide, optional, asUnstructured},
		ClusterNetworks:  {openShift, "v1", "networks", "Network", clusterWide, optional, asUnstructured},
		ClusterOperators: {openShift, "v1", "clusteroperators", "ClusterOperator", clusterWide, optional, asUnstructured},
		EgressIPs:        {"k8s.ovn.org", "v1", "egressips", "EgressIP", clusterWide, optional, asUnstructured},
		CloudPrivateIPs:  {"cloud.network.openshift.io", "v1", "cloudprivateipconfigs", "CloudPrivateIPConfig", clusterWide, optional, asMetadata},
	}
}

func (k Kind) row() kindRow { return rows()[k] }

// GVR is where the API server keeps objects of the kind.
func (k Kind) GVR() schema.GroupVersionResource {
	row := k.row()
	return schema.GroupVersionResource{Group: row.group, Version: row.version, Resource: row.resource}
}

// gvk is the type of one object of the kind.
func (k Kind) gvk() schema.GroupVersionKind {
	row := k.row()
	return schema.GroupVersionKind{Group: row.group, Version: row.version, Kind: row.kind}
}

// emptyList is a list of one of Kubernetes' own types, to read into.
func (k Kind) emptyList() (runtime.Object, error) {
	list := k.gvk()
	list.Kind += "List"
	return scheme.Scheme.New(list)
}

// example is an object as the reading gives it, to be told from others.
func (r reading) example() runtime.Object {
	switch r.format {
	case asMetadata:
		return &metav1.PartialObjectMetadata{}
	case asTyped:
		if object, err := scheme.Scheme.New(r.gvk()); err == nil {
			return object
		}
	}
	return &unstructured.Unstructured{}
}

// kindOf is the kind of an object.
func kindOf(object *unstructured.Unstructured) (Kind, error) {
	for k, row := range rows() {
		if row.kind == object.GetKind() {
			return Kind(k), nil
		}
	}
	return 0, fmt.Errorf("no resource is known for kind %s", object.GetKind())
}

// mayLack reports whether a cluster may lack the API group.
func mayLack(group string) bool {
	for _, row := range rows() {
		if row.group == group && row.served == optional {
			return true
		}
	}
	return false
}
