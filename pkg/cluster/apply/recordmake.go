package apply

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
)

// makeAll makes all that are missing, and their namespace.
func (r *Records) makeAll(ctx context.Context) error {
	var made []string
	for i := range shards {
		if r.read[shardName(i)] != nil {
			continue
		}
		shard := newObject("ConfigMap", r.namespace, shardName(i))
		shard.SetLabels(RecordLabels())
		err := r.create(ctx, cluster.ConfigMaps, shard)
		if apierrors.IsNotFound(err) && !cluster.NotServed(err) {
			if err = r.create(ctx, cluster.Namespaces, newObject("Namespace", "", r.namespace)); err == nil {
				made = append(made, "namespace "+r.namespace)
				err = r.create(ctx, cluster.ConfigMaps, shard)
			}
		}
		if err != nil {
			return err
		}
		made = append(made, "ConfigMap "+shardName(i))
	}
	r.made(fmt.Sprintf("made for the records, in namespace %s: %s", r.namespace, strings.Join(made, ", ")))
	return nil
}

// create makes an object, and keeps it where it is a ConfigMap. One that is there already will do.
func (r *Records) create(ctx context.Context, kind cluster.Kind, object *unstructured.Unstructured) error {
	objects := r.client.Objects(kind, object.GetNamespace())
	var now *unstructured.Unstructured
	err := r.client.Retry(ctx, func() (err error) {
		now, err = objects.Create(ctx, object, metav1.CreateOptions{FieldManager: r.client.Manager()})
		if apierrors.IsAlreadyExists(err) {
			now, err = objects.Get(ctx, object.GetName(), metav1.GetOptions{})
		}
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("making %s for the records: %w", cluster.Name(object), cluster.Explain(err, "create", kind.GVR(), object.GetNamespace()))
	case kind != cluster.ConfigMaps:
		return nil
	}
	return r.keep(now)
}

func newObject(kind, namespace, name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(kind))
	object.SetNamespace(namespace)
	object.SetName(name)
	return object
}
