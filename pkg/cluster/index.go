package cluster

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// reader gives what the cluster holds of an object, nil where there is none.
type reader interface {
	object(ctx context.Context, gvr schema.GroupVersionResource, namespace, name string) (*unstructured.Unstructured, error)
	// pods are those that bear the labels.
	pods(ctx context.Context, namespace string, labels map[string]string) ([]*unstructured.Unstructured, error)
}

// object makes Client a reader: one request an object.
func (c *Client) object(ctx context.Context, gvr schema.GroupVersionResource, namespace, name string) (*unstructured.Unstructured, error) {
	return c.get(ctx, gvr, namespace, name)
}

func (c *Client) pods(ctx context.Context, namespace string, labels map[string]string) ([]*unstructured.Unstructured, error) {
	return c.list(ctx, selection{gvr: core("pods"), labels: selector(labels)}, namespace)
}

// index is a reader that has listed before what it is asked for: for many routers a handful of lists takes
// the place of requests for each object.
type index struct {
	client *Client
	lists  map[schema.GroupVersionResource]*listing
}

// listing is what was listed of one resource.
type listing struct {
	objects map[string]*unstructured.Unstructured
	// foreign are objects that bear no label of ours: of these the metadata alone was listed.
	foreign map[string]bool
	order   []*unstructured.Unstructured
}

func key(namespace, name string) string { return namespace + "/" + name }

func (x *index) object(ctx context.Context, gvr schema.GroupVersionResource, namespace, name string) (*unstructured.Unstructured, error) {
	l := x.lists[gvr]
	if l == nil {
		return x.client.get(ctx, gvr, namespace, name)
	}
	return l.objects[key(namespace, name)], nil
}

func (x *index) pods(ctx context.Context, namespace string, labels map[string]string) ([]*unstructured.Unstructured, error) {
	l := x.lists[core("pods")]
	if l == nil {
		return x.client.pods(ctx, namespace, labels)
	}
	var out []*unstructured.Unstructured
	for _, pod := range l.order {
		if pod.GetNamespace() == namespace {
			out = append(out, pod)
		}
	}
	return out, nil
}

// isForeign reports whether only the metadata of the object is known.
func (x *index) isForeign(gvr schema.GroupVersionResource, object *unstructured.Unstructured) bool {
	l := x.lists[gvr]
	return l != nil && l.foreign[key(object.GetNamespace(), object.GetName())]
}

// wanted is one list that an index is filled from.
type wanted struct {
	gvr schema.GroupVersionResource
	// labels and fields select objects that are read whole.
	labels, fields string
	// others lists the rest too, by their metadata alone, to know whose names are taken.
	others string
}

// index lists what applying routers of the provisioner will ask for, in one namespace or, with "", in all.
// What the user may not list is left to be read one by one.
func (c *Client) index(ctx context.Context, namespace string, provisioner egress.Provisioner, services, policed bool) (*index, error) {
	x := &index{client: c, lists: map[schema.GroupVersionResource]*listing{}}
	lists := indexLists(provisioner, services)
	if policed {
		lists = append(lists, wanted{gvr: policies(), labels: managedBy("="), others: managedBy("!=")})
	}
	found := make([]*listing, len(lists))
	group, ctx := errgroup.WithContext(ctx)
	for i, w := range lists {
		group.Go(func() error {
			var err error
			found[i], err = c.fill(ctx, w, namespace)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, w := range lists {
		if found[i] != nil {
			x.lists[w.gvr] = found[i].merged(x.lists[w.gvr])
		}
	}
	return x, nil
}

// managedBy selects by whether an object was made by this tool.
func managedBy(operator string) string {
	return egress.LabelManagedBy + operator + egress.ManagedByValue
}

// indexLists are the lists for each provisioner: its objects, and what shows that the other has the name.
func indexLists(provisioner egress.Provisioner, services bool) []wanted {
	ours, others := managedBy("="), managedBy("!=")
	lists := []wanted{{gvr: egress.Resource}}
	if provisioner == egress.Standalone {
		lists = append(lists, wanted{gvr: nads()}, wanted{gvr: deployments(), labels: ours, others: others})
	} else {
		operators := selector(provisioner.PodLabels(""))
		lists = append(lists,
			wanted{gvr: deployments(), labels: ours},
			wanted{gvr: deployments(), labels: operators},
			wanted{gvr: nads(), fields: "metadata.name=" + egress.OperatorNAD},
			wanted{gvr: core("pods"), labels: operators},
		)
	}
	if services {
		lists = append(lists, wanted{gvr: core("services"), labels: ours, others: others})
	}
	return lists
}

// fill lists w; nil where the user may not, or where the resource is not served.
func (c *Client) fill(ctx context.Context, w wanted, namespace string) (*listing, error) {
	l := &listing{objects: map[string]*unstructured.Unstructured{}, foreign: map[string]bool{}}
	err := c.eachPage(ctx, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		o.LabelSelector, o.FieldSelector = w.labels, w.fields
		return c.dynamic.Resource(w.gvr).Namespace(namespace).List(ctx, o)
	}, func(object runtime.Object) error {
		if u, ok := object.(*unstructured.Unstructured); ok {
			l.add(u)
		}
		return nil
	})
	if err == nil && w.others != "" {
		err = c.eachPage(ctx, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.LabelSelector = w.others
			return c.metadata.Resource(w.gvr).Namespace(namespace).List(ctx, o)
		}, l.addForeign)
	}
	switch {
	case apierrors.IsForbidden(err), notServed(err):
		return nil, nil
	case err != nil:
		return nil, explain(err, "list", w.gvr, namespace)
	}
	return l, nil
}

func (l *listing) add(object *unstructured.Unstructured) {
	l.objects[key(object.GetNamespace(), object.GetName())] = object
	l.order = append(l.order, object)
}

func (l *listing) addForeign(object runtime.Object) error {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return err
	}
	u := &unstructured.Unstructured{Object: content}
	l.add(u)
	l.foreign[key(u.GetNamespace(), u.GetName())] = true
	return nil
}

// merged adds what another list of the same resource has.
func (l *listing) merged(other *listing) *listing {
	if other == nil {
		return l
	}
	for _, object := range other.order {
		l.add(object)
	}
	return l
}
