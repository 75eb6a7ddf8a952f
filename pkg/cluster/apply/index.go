package apply

import (
	"context"
	"maps"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// reader gives what the cluster holds of an object, nil where there is none.
type reader interface {
	object(ctx context.Context, k cluster.Kind, namespace, name string) (*unstructured.Unstructured, error)
	// pods are those that bear the labels.
	pods(ctx context.Context, namespace string, labels map[string]string) ([]*unstructured.Unstructured, error)
}

// direct is a reader that asks the server: one request per object.
type direct struct{ *cluster.Client }

func (d direct) object(ctx context.Context, k cluster.Kind, namespace, name string) (*unstructured.Unstructured, error) {
	return d.Get(ctx, k, namespace, name)
}

func (d direct) pods(ctx context.Context, namespace string, labels map[string]string) ([]*unstructured.Unstructured, error) {
	return cluster.List[*unstructured.Unstructured](ctx, d.Client, cluster.All(cluster.Pods).Labelled(labels), namespace)
}

// index is a reader that has listed before what it is asked for: for many routers a handful of lists takes
// the place of requests for each object.
type index struct {
	client *cluster.Client
	lists  map[cluster.Kind]*listing
}

// listing is what was listed of one kind, by namespace/name.
type listing struct{ objects map[string]entry }

// entry is one object of a listing.
type entry struct {
	*unstructured.Unstructured
	// foreign bears no label of ours: its metadata alone was listed.
	foreign bool
}

func (x *index) object(ctx context.Context, k cluster.Kind, namespace, name string) (*unstructured.Unstructured, error) {
	l := x.lists[k]
	if l == nil {
		return x.client.Get(ctx, k, namespace, name)
	}
	return l.objects[cluster.Key(namespace, name)].Unstructured, nil
}

func (x *index) pods(ctx context.Context, namespace string, labels map[string]string) ([]*unstructured.Unstructured, error) {
	l := x.lists[cluster.Pods]
	if l == nil {
		return direct{x.client}.pods(ctx, namespace, labels)
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
func (x *index) isForeign(k cluster.Kind, object *unstructured.Unstructured) bool {
	l := x.lists[k]
	return l != nil && l.objects[cluster.Key(object.GetNamespace(), object.GetName())].foreign
}

// newIndex lists what applying routers of the provisioner will ask for, in one namespace or, with "", in all.
// What the user may not list is left to be read one by one.
func newIndex(ctx context.Context, c *cluster.Client, namespace string, provisioner egress.Provisioner, services, policed bool) (*index, error) {
	x := &index{client: c, lists: map[cluster.Kind]*listing{}}
	lists := indexReadings(provisioner, services, policed)
	found := make([]*listing, len(lists))
	group, ctx := errgroup.WithContext(ctx)
	for i, r := range lists {
		group.Go(func() (err error) {
			found[i], err = newListing(ctx, c, r, namespace)
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
func managed(r cluster.Reading, operator string) cluster.Reading {
	r.Labels = egress.LabelManagedBy + operator + egress.ManagedByValue
	return r
}

// indexReadings are the lists for each provisioner: its objects, and what shows that the other has the name. Of what
// others have made the metadata tells whose names are taken.
func indexReadings(provisioner egress.Provisioner, services, policed bool) []cluster.Reading {
	lists := []cluster.Reading{cluster.All(cluster.EgressRouters)}
	whole := []cluster.Kind{}
	if provisioner == egress.Standalone {
		lists = append(lists, cluster.All(cluster.NADs))
		whole = append(whole, cluster.Deployments)
	} else {
		lists = append(lists,
			managed(cluster.All(cluster.Deployments), "="), cluster.All(cluster.Deployments).Labelled(read.Operators()),
			cluster.All(cluster.NADs).Called(egress.OperatorNAD), cluster.All(cluster.Pods).Labelled(read.Operators()))
	}
	if services {
		whole = append(whole, cluster.Services)
	}
	if policed {
		whole = append(whole, cluster.NetworkPolicies)
	}
	for _, k := range whole {
		lists = append(lists, managed(cluster.All(k), "="), managed(cluster.MetadataOf(k), "!="))
	}
	return lists
}

// newListing lists r; nil where the user may not, or where the resource is not served.
func newListing(ctx context.Context, c *cluster.Client, r cluster.Reading, namespace string) (*listing, error) {
	add := (*listing).addWhole
	if r.Format == cluster.AsMetadata {
		add = (*listing).addForeign
	}
	l, err := cluster.Collect(ctx, c, r, namespace, add)
	if apierrors.IsForbidden(err) || cluster.NotServed(err) {
		return nil, nil
	}
	return l, r.Explain(err, namespace)
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
	l.objects[cluster.Key(object.GetNamespace(), object.GetName())] = entry{object, foreign}
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
