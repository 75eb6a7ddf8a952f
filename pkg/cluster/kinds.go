package cluster

import (
	"fmt"
	"strings"

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
	format                         Format
}

// scope says whether objects of a kind are in namespaces.
type scope bool

// served says whether every cluster serves a kind.
type served bool

// Format says how objects of a kind are read.
type Format int

const (
	namespaced  scope  = false
	clusterWide scope  = true
	always      served = false
	optional    served = true
)

// The formats.
const (
	// AsTyped reads Kubernetes' own types, in protobuf.
	AsTyped Format = iota
	// AsUnstructured reads any object whole, in JSON.
	AsUnstructured
	// AsMetadata reads the metadata alone.
	AsMetadata
)

// rows is the table of kinds: where the API server keeps them, what they are, and how they are read unless a reading
// says otherwise.
func rows() [kindCount]kindRow {
	const core, networking, openShift = "", "networking.k8s.io", "config.openshift.io"
	return [...]kindRow{
		EgressRouters: {egress.Resource.Group, egress.Resource.Version, egress.Resource.Resource, egress.Kind.Kind, namespaced, optional, AsUnstructured},
		NADs:          {"k8s.cni.cncf.io", "v1", "network-attachment-definitions", "NetworkAttachmentDefinition", namespaced, optional, AsUnstructured},

		Deployments:     {"apps", "v1", "deployments", "Deployment", namespaced, always, AsTyped},
		DaemonSets:      {"apps", "v1", "daemonsets", "DaemonSet", namespaced, always, AsTyped},
		Pods:            {core, "v1", "pods", "Pod", namespaced, always, AsTyped},
		Services:        {core, "v1", "services", "Service", namespaced, always, AsTyped},
		EndpointSlices:  {"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", namespaced, always, AsTyped},
		NetworkPolicies: {networking, "v1", "networkpolicies", "NetworkPolicy", namespaced, always, AsTyped},
		Events:          {core, "v1", "events", "Event", namespaced, always, AsTyped},
		ConfigMaps:      {core, "v1", "configmaps", "ConfigMap", namespaced, always, AsTyped},
		Secrets:         {core, "v1", "secrets", "Secret", namespaced, always, AsTyped},
		Nodes:           {core, "v1", "nodes", "Node", clusterWide, always, AsTyped},
		Namespaces:      {core, "v1", "namespaces", "Namespace", clusterWide, always, AsMetadata},
		ServiceCIDRs:    {networking, "v1", "servicecidrs", "ServiceCIDR", clusterWide, always, AsTyped},

		// OpenShift's, and OVN-Kubernetes'.
		Projects:         {"project.openshift.io", "v1", "projects", "Project", clusterWide, optional, AsMetadata},
		Infrastructures:  {openShift, "v1", "infrastructures", "Infrastructure", clusterWide, optional, AsUnstructured},
		ClusterNetworks:  {openShift, "v1", "networks", "Network", clusterWide, optional, AsUnstructured},
		ClusterOperators: {openShift, "v1", "clusteroperators", "ClusterOperator", clusterWide, optional, AsUnstructured},
		EgressIPs:        {"k8s.ovn.org", "v1", "egressips", "EgressIP", clusterWide, optional, AsUnstructured},
		CloudPrivateIPs:  {"cloud.network.openshift.io", "v1", "cloudprivateipconfigs", "CloudPrivateIPConfig", clusterWide, optional, AsMetadata},
	}
}

func (k Kind) row() kindRow { return rows()[k] }

// GVR is where the API server keeps objects of the kind.
func (k Kind) GVR() schema.GroupVersionResource {
	row := k.row()
	return schema.GroupVersionResource{Group: row.group, Version: row.version, Resource: row.resource}
}

// String is what the API calls one object of the kind.
func (k Kind) String() string { return k.row().kind }

// ClusterWide reports whether objects of the kind are in no namespace.
func (k Kind) ClusterWide() bool { return k.row().scope == clusterWide }

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

// Example is an object as the reading gives it, to be told from others.
func (r Reading) Example() runtime.Object {
	switch r.Format {
	case AsMetadata:
		return &metav1.PartialObjectMetadata{}
	case AsTyped:
		if object, err := scheme.Scheme.New(r.gvk()); err == nil {
			return object
		}
	}
	return &unstructured.Unstructured{}
}

// KindOf is the kind of an object.
func KindOf(object *unstructured.Unstructured) (Kind, error) {
	for k, row := range rows() {
		if row.kind == object.GetKind() {
			return Kind(k), nil
		}
	}
	return 0, fmt.Errorf("no resource is known for kind %s", object.GetKind())
}

// MayLack reports whether a cluster may lack the API group.
func MayLack(group string) bool {
	for _, row := range rows() {
		if row.group == group && row.served == optional {
			return true
		}
	}
	return false
}

// Name is how kubectl names object: service/app-egress.
func Name(object *unstructured.Unstructured) string {
	kind := object.GroupVersionKind()
	if kind.Group == "" {
		return strings.ToLower(kind.Kind) + "/" + object.GetName()
	}
	return strings.ToLower(kind.Kind) + "." + kind.Group + "/" + object.GetName()
}

// Key names an object by its namespace and its name.
func Key(namespace, name string) string { return namespace + "/" + name }
