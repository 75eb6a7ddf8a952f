package cluster

import (
	"context"
	"maps"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// reader gives what the cluster holds of an object, nil where there is none.
type reader interface {
	object(ctx context.Context, k Kind, namespace, name string) (*unstructured.Unstructured, error)
	// pods are those that bear the labels.
	pods(ctx context.Context, namespace string, labels map[string]string) ([]*unstructured.Unstructured, error)
}

// object makes Client a reader: one request an object.
func (c *Client) object(ctx context.Context, k Kind, namespace, name string) (*unstructured.Unstructured, error) {
	return c.get(ctx, k, namespace, name)
}

func (c *Client) pods(ctx context.Context, namespace string, labels map[string]string) ([]*unstructured.Unstructured, error) {
	return list[*unstructured.Unstructured](ctx, c, all(Pods).labelled(labels), namespace)
}

// index is a reader that has listed before what it is asked for: for many routers a handful of lists takes
// the place of requests for each object.
type index struct {
	client *Client
	lists  map[Kind]*listing
}

// listing is what was listed of one kind, by namespace/name.
type listing struct{ objects map[string]entry }

// entry is one object of a listing.
type entry struct {
	*unstructured.Unstructured
	// foreign bears no label of ours: its metadata alone was listed.
	foreign bool
}

func key(namespace, name string) string { return namespace + "/" + name }

func (x *index) object(ctx context.Context, k Kind, namespace, name string) (*unstructured.Unstructured, error) {
	l := x.lists[k]
	if l == nil {
		return x.client.get(ctx, k, namespace, name)
	}
	return l.objects[key(namespace, name)].Unstructured, nil
}

func (x *index) pods(ctx context.Context, namespace string, labels map[string]string) ([]*unstructured.Unstructured, error) {
	l := x.lists[Pods]
	if l == nil {
		return x.client.pods(ctx, namespace, labels)
	}
	var out []*unstructured.Unstructured
	for _, pod := range l.objects {
		if pod.GetNamespace() == namespace {
			out = append(out, pod.Unstructured)
		}
	}
	return out, nil
}

// isForeign reports whether only the metadata of the object is known.
func (x *index) isForeign(k Kind, object *unstructured.Unstructured) bool {
	l := x.lists[k]
	return l != nil && l.objects[key(object.GetNamespace(), object.GetName())].foreign
}

// index lists what applying routers of the provisioner will ask for, in one namespace or, with "", in all.
// What the user may not list is left to be read one by one.
func (c *Client) index(ctx context.Context, namespace string, provisioner egress.Provisioner, services, policed bool) (*index, error) {
	x := &index{client: c, lists: map[Kind]*listing{}}
	lists := indexReadings(provisioner, services, policed)
	found := make([]*listing, len(lists))
	group, ctx := errgroup.WithContext(ctx)
	for i, r := range lists {
		group.Go(func() (err error) {
			found[i], err = c.listing(ctx, r, namespace)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, r := range lists {
		x.lists[r.Kind] = found[i].merged(x.lists[r.Kind])
	}
	for i, r := range lists {
		if found[i] == nil {
			delete(x.lists, r.Kind)
		}
	}
	return x, nil
}

// managed is r for what this tool has made ("="), or for what it has not ("!=").
func (r reading) managed(operator string) reading {
	r.labels = egress.LabelManagedBy + operator + egress.ManagedByValue
	return r
}

// indexReadings are the lists for each provisioner: its objects, and what shows that the other has the name. Of what
// others have made the metadata tells whose names are taken.
func indexReadings(provisioner egress.Provisioner, services, policed bool) []reading {
	lists := []reading{all(EgressRouters)}
	whole := []Kind{}
	if provisioner == egress.Standalone {
		lists = append(lists, all(NADs))
		whole = append(whole, Deployments)
	} else {
		lists = append(lists,
			all(Deployments).managed("="), all(Deployments).labelled(operators()),
			all(NADs).called(egress.OperatorNAD), all(Pods).labelled(operators()))
	}
	if services {
		whole = append(whole, Services)
	}
	if policed {
		whole = append(whole, NetworkPolicies)
	}
	for _, k := range whole {
		lists = append(lists, all(k).managed("="), metadataOf(k).managed("!="))
	}
	return lists
}

// listing lists r; nil where the user may not, or where the resource is not served.
func (c *Client) listing(ctx context.Context, r reading, namespace string) (*listing, error) {
	add := (*listing).addWhole
	if r.format == asMetadata {
		add = (*listing).addForeign
	}
	l, err := collect(ctx, c, r, namespace, add)
	if apierrors.IsForbidden(err) || notServed(err) {
		return nil, nil
	}
	return l, r.explain(err, namespace)
}

func (l *listing) addWhole(object runtime.Object) error {
	if u, ok := object.(*unstructured.Unstructured); ok {
		l.add(u, false)
	}
	return nil
}

func (l *listing) addForeign(object runtime.Object) error {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return err
	}
	l.add(&unstructured.Unstructured{Object: content}, true)
	return nil
}

func (l *listing) add(object *unstructured.Unstructured, foreign bool) {
	if l.objects == nil {
		l.objects = map[string]entry{}
	}
	l.objects[key(object.GetNamespace(), object.GetName())] = entry{object, foreign}
}

// merged has what another list of the same resource has, too.
func (l *listing) merged(other *listing) *listing {
	out := &listing{objects: map[string]entry{}}
	for _, from := range []*listing{other, l} {
		if from != nil {
			maps.Copy(out.objects, from.objects)
		}
	}
	return out
}
