package apply

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// reader gives what the cluster holds of an object, nil where there is none. What is not in its lists it asks the server
// for, one request per object: for many routers a handful of lists takes the place of these.
type reader struct {
	client *cluster.Client
	// lists are what was listed before of each kind, by namespace/name.
	lists map[cluster.Kind]map[string]*unstructured.Unstructured
}

func (x *reader) object(ctx context.Context, k cluster.Kind, namespace, name string) (*unstructured.Unstructured, error) {
	if objects := x.lists[k]; objects != nil {
		return objects[cluster.Key(namespace, name)], nil
	}
	return x.client.Get(ctx, k, namespace, name)
}

// pods are those that have the labels.
func (x *reader) pods(ctx context.Context, namespace string, labels map[string]string) ([]*unstructured.Unstructured, error) {
	listed := x.lists[cluster.Pods]
	if listed == nil {
		return cluster.List[*unstructured.Unstructured](ctx, x.client, cluster.All(cluster.Pods).Labelled(labels), namespace)
	}
	return slices.DeleteFunc(slices.Collect(maps.Values(listed)), func(pod *unstructured.Unstructured) bool { return pod.GetNamespace() != namespace }), nil
}

// isPartial reports whether only the metadata of a listed object is known, as of what has no label of ours.
func (x *reader) isPartial(k cluster.Kind, object *unstructured.Unstructured) bool {
	return x.lists[k] != nil && object.Object["spec"] == nil
}

// newIndex lists what applying routers of the provisioner will ask for, in one namespace or, with "", in all.
// What the user may not list is left to be read one by one.
func newIndex(ctx context.Context, c *cluster.Client, namespace string, provisioner egress.Provisioner, services, policed bool) (*reader, error) {
	x := &reader{client: c, lists: map[cluster.Kind]map[string]*unstructured.Unstructured{}}
	lists := indexReadings(provisioner, services, policed)
	found := make([]*[]*unstructured.Unstructured, len(lists))
	group, ctx := errgroup.WithContext(ctx)
	for i, r := range lists {
		group.Go(func() (err error) {
			found[i], err = listed(ctx, c, r, namespace)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, r := range lists {
		if x.lists[r.Kind] == nil {
			x.lists[r.Kind] = map[string]*unstructured.Unstructured{}
		}
		for _, object := range *cmp.Or(found[i], &[]*unstructured.Unstructured{}) {
			x.lists[r.Kind][cluster.Key(object.GetNamespace(), object.GetName())] = object
		}
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

// listed lists r; nil where the user may not, or where the resource is not served.
func listed(ctx context.Context, c *cluster.Client, r cluster.Reading, namespace string) (*[]*unstructured.Unstructured, error) {
	found, err := cluster.Collect(ctx, c, r, namespace, func(out *[]*unstructured.Unstructured, object runtime.Object) error {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		*out = append(*out, &unstructured.Unstructured{Object: content})
		return err
	})
	if apierrors.IsForbidden(err) || cluster.NotServed(err) {
		return nil, nil
	}
	return found, r.Explain(err, namespace)
}
