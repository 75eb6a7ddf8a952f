package cluster

import (
	"context"
	"sync"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// pageSize is how many objects a list asks for at a time.
const pageSize = 500

// reading is one list that a Snapshot is filled from.
type reading struct {
	gvr    schema.GroupVersionResource
	labels string
	// name selects one object; "" is all.
	name string
	// cluster tells that the resource has no namespaces.
	cluster bool
	add     func(*snapshot.Snapshot, *unstructured.Unstructured) error
}

// readings are all lists of a Snapshot: their number does not grow with that of routers or namespaces.
func readings() []reading {
	ours := selector(map[string]string{egress.LabelName: egress.NameValue, egress.LabelManagedBy: egress.ManagedByValue})
	operators := selector(map[string]string{"app": egress.OperatorApp})
	return []reading{
		{gvr: egress.Resource, add: addEgressRouter},
		{gvr: deployments(), labels: ours, add: addStandalone},
		{gvr: core("pods"), labels: ours, add: addPod},
		{gvr: core("pods"), labels: operators, add: addPod},
		{gvr: core("services"), add: addService},
		{gvr: core("nodes"), cluster: true, add: addNode},
	}
}

// ReadOptions say how much of the cluster to read.
type ReadOptions struct {
	// Namespace is read, or all with "".
	Namespace string
	// Wide reads all namespaces all the same, where the user may; what is reported is the caller's.
	Wide bool
	// Nodes reads the nodes too.
	Nodes bool
}

func selector(set map[string]string) string { return labels.FormatLabels(set) }

// Read fills a Snapshot, each resource by one paged list, side by side. What the user may not read is
// noted in it as unknown.
func (c *Client) Read(ctx context.Context, o ReadOptions) (*snapshot.Snapshot, error) {
	var s snapshot.Snapshot
	var lock sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	for _, r := range readings() {
		if r.cluster && !o.Nodes {
			continue
		}
		group.Go(func() error {
			found, unknown, err := c.readOne(ctx, r, o)
			if err != nil {
				return err
			}
			lock.Lock()
			defer lock.Unlock()
			s.Unknown = append(s.Unknown, unknown...)
			for _, object := range found {
				if err := r.add(&s, object); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	s.Sort()
	return &s, nil
}

// readOne lists r in all namespaces, or where that is forbidden in the one asked for.
func (c *Client) readOne(ctx context.Context, r reading, o ReadOptions) ([]*unstructured.Unstructured, []snapshot.Unknown, error) {
	namespace := o.Namespace
	if o.Wide || r.cluster {
		namespace = ""
	}
	found, err := c.list(ctx, r, namespace)
	if !apierrors.IsForbidden(err) {
		return readable(found, err, r, namespace)
	}
	unknown := snapshot.Unknown{Resource: r.gvr.Resource, Namespace: namespace, Reason: err.Error()}
	if namespace == "" && !r.cluster && o.Namespace != "" {
		narrow, err := c.list(ctx, r, o.Namespace)
		if !apierrors.IsForbidden(err) {
			unknown.Partial = true
			found, _, err := readable(narrow, err, r, o.Namespace)
			return found, []snapshot.Unknown{unknown}, err
		}
		unknown.Namespace, unknown.Reason = o.Namespace, err.Error()
	}
	return nil, []snapshot.Unknown{unknown}, nil
}

// readable is what a list found; a resource that is not served has nothing in it.
func readable(found []*unstructured.Unstructured, err error, r reading, namespace string) ([]*unstructured.Unstructured, []snapshot.Unknown, error) {
	if err != nil && !notServed(err) {
		return nil, nil, explain(err, "list", r.gvr, namespace)
	}
	return found, nil, nil
}

func (c *Client) list(ctx context.Context, r reading, namespace string) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	err := c.eachPage(ctx, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		selection{name: r.name, labels: r.labels}.narrow(&o)
		return c.dynamic.Resource(r.gvr).Namespace(namespace).List(ctx, o)
	}, func(object runtime.Object) error {
		if u, ok := object.(*unstructured.Unstructured); ok {
			out = append(out, u)
		}
		return nil
	})
	return out, err
}

func addEgressRouter(s *snapshot.Snapshot, object *unstructured.Unstructured) error {
	found, err := fromEgressRouter(object)
	if err != nil {
		return err
	}
	s.Routers = append(s.Routers, found.Router)
	return nil
}

func addStandalone(s *snapshot.Snapshot, object *unstructured.Unstructured) error {
	if !isStandalone(object) {
		return nil
	}
	found, err := fromDeployment(object)
	if err != nil {
		return err
	}
	s.Routers = append(s.Routers, found.Router)
	return nil
}

func addPod(s *snapshot.Snapshot, object *unstructured.Unstructured) error {
	pod := &corev1.Pod{}
	if err := typed(object, pod); err != nil {
		return err
	}
	if pod.DeletionTimestamp != nil {
		return nil
	}
	p := snapshot.Pod{
		Namespace: pod.Namespace, Name: pod.Name, Labels: pod.Labels, Created: pod.CreationTimestamp.Time,
		Node: pod.Spec.NodeName, Ready: ready(pod), State: podState(pod),
	}
	// An unreadable network-status is no net1.
	if net1, err := net1Of(pod); err == nil && net1 != nil {
		p.MAC = net1.Mac
		if len(net1.IPs) > 0 {
			p.IP = net1.IPs[0]
		}
	}
	s.Pods = append(s.Pods, p)
	return nil
}

func addService(s *snapshot.Snapshot, object *unstructured.Unstructured) error {
	service := &corev1.Service{}
	if err := typed(object, service); err != nil {
		return err
	}
	out := snapshot.Service{Namespace: service.Namespace, Name: service.Name, Selector: service.Spec.Selector, ClusterIP: service.Spec.ClusterIP}
	for _, p := range service.Spec.Ports {
		out.Ports = append(out.Ports, egress.Port{Number: p.Port, Protocol: nov1.ProtocolType(p.Protocol)})
	}
	s.Services = append(s.Services, out)
	return nil
}

func addNode(s *snapshot.Snapshot, object *unstructured.Unstructured) error {
	node := &corev1.Node{}
	if err := typed(object, node); err != nil {
		return err
	}
	n := snapshot.Node{Name: node.Name, ProviderID: node.Spec.ProviderID}
	for _, a := range node.Status.Addresses {
		if a.Type == corev1.NodeInternalIP || a.Type == corev1.NodeExternalIP {
			n.Addresses = append(n.Addresses, a.Address)
		}
	}
	s.Nodes = append(s.Nodes, n)
	return nil
}
