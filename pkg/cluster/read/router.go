package read

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Found is a router in the cluster.
type Found struct {
	snapshot.Router
	// UID is that of the EgressRouter; empty for a standalone one, which has none.
	UID types.UID
}

// Find reads the router name, of either provisioner, or of the one asked for. Its error is ErrNotFound
// where there is none.
func Find(ctx context.Context, c *cluster.Client, namespace, name string, asked egress.Provisioner) (*Found, error) {
	var unread error
	if asked != egress.Standalone {
		cr, err := c.Get(ctx, cluster.EgressRouters, namespace, name)
		switch {
		case cr != nil:
			return FromEgressRouter(cr)
		case err != nil && asked == egress.Operator:
			return nil, err
		case apierrors.IsForbidden(err):
			// Also the answer of a cluster that serves no EgressRouters, to a user without rights: there
			// may still be a standalone router.
			unread = err
		case err != nil && !cluster.NotServed(err):
			return nil, err
		}
	}
	if asked != egress.Operator {
		deployment, err := c.Get(ctx, cluster.Deployments, namespace, name)
		if err != nil {
			return nil, err
		}
		if deployment != nil && IsStandalone(deployment) {
			return FromDeployment(deployment)
		}
	}
	if unread != nil && !c.Unserved(ctx, unread) {
		return nil, unread
	}
	return nil, fmt.Errorf("egress router %s in namespace %s: %w", name, namespace, cluster.ErrNotFound)
}

// IsStandalone reports whether deployment is a standalone router's.
func IsStandalone(deployment metav1.Object) bool {
	return deployment.GetLabels()[egress.LabelManagedBy] == egress.ManagedByValue &&
		deployment.GetAnnotations()[egress.AnnotationRouter] != ""
}

// FromEgressRouter reads a router from its EgressRouter, with defaults set.
func FromEgressRouter(cr *unstructured.Unstructured) (*Found, error) {
	var found Found
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(cr.Object, &found.EgressRouter); err != nil {
		return nil, fmt.Errorf("reading %s in namespace %s: %w", cluster.Name(cr), cr.GetNamespace(), err)
	}
	egress.SetDefaults(&found.EgressRouter)
	if found.Changed = writtenAt(cr, "f:spec").UTC(); found.Generation == 1 {
		found.Changed = found.CreationTimestamp.UTC() // what was written since did not change it
	}
	found.ManagedFields = nil
	found.Provisioner, found.UID = egress.Operator, cr.GetUID()
	return &found, nil
}

// writtenAt is when a part of object, as managed fields name it, was last written, as far as the server tells; the zero
// time where it does not.
func writtenAt(object metav1.Object, part string) metav1.Time {
	if last := lastWrite(object, part); last.Time != nil {
		return *last.Time
	}
	return metav1.Time{}
}

// lastWrite is the entry of who last wrote a part of object; one without a time where the server does not tell.
func lastWrite(object metav1.Object, part string) (last metav1.ManagedFieldsEntry) {
	for _, entry := range object.GetManagedFields() {
		if entry.Time != nil && entry.FieldsV1 != nil && (last.Time == nil || last.Time.Before(entry.Time)) && strings.Contains(entry.FieldsV1.GetRawString(), strconv.Quote(part)) {
			last = entry
		}
	}
	return last
}

// FromDeployment reads a standalone router back from the annotation on its Deployment. The router's own UID
// is the Deployment's.
func FromDeployment(deployment metav1.Object) (*Found, error) {
	var found Found
	text := deployment.GetAnnotations()[egress.AnnotationRouter]
	if err := json.Unmarshal([]byte(text), &found.EgressRouter); err != nil {
		return nil, fmt.Errorf("reading the annotation %s of deployment.apps/%s in namespace %s: %w",
			egress.AnnotationRouter, deployment.GetName(), deployment.GetNamespace(), err)
	}
	r := &found.EgressRouter
	r.Name, r.Namespace = deployment.GetName(), deployment.GetNamespace()
	r.CreationTimestamp, r.UID, r.ManagedFields = deployment.GetCreationTimestamp(), deployment.GetUID(), nil
	r.DeletionTimestamp = deployment.GetDeletionTimestamp()
	for key, value := range ownAnnotations(deployment.GetAnnotations()) {
		metav1.SetMetaDataAnnotation(&r.ObjectMeta, key, value)
	}
	egress.SetDefaults(r)
	found.Provisioner = egress.Standalone
	return &found, nil
}

// ownAnnotations are those that this tool records on a router: not the one that holds a standalone router
// itself. nil where there are none.
func ownAnnotations(all map[string]string) map[string]string {
	own := maps.Clone(all)
	maps.DeleteFunc(own, func(key, _ string) bool {
		return !strings.HasPrefix(key, egress.AnnotationPrefix) || key == egress.AnnotationRouter
	})
	if len(own) == 0 {
		return nil
	}
	return own
}
