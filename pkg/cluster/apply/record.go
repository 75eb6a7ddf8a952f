package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// recordManager is the field manager of what is recorded on a router. It is not the one that applies
// routers: applying drops what its manager set before and does not ask for any more.
const recordManager = "kubectl-egress-record"

// Record sets an annotation of this tool's on r as it was read: on its EgressRouter, or on the Deployment
// of a standalone one. "" removes it. Nothing is sent where it stands already. A router that is gone, or
// was made anew since it was read, is an error; of one that is gone, errors.Is tells ErrNotFound.
func Record(ctx context.Context, c *cluster.Client, r snapshot.Router, annotation, value string) error {
	if r.Annotations[annotation] == value {
		return nil
	}
	kind, name := cluster.EgressRouters, r.Name
	if r.Provisioner == egress.Standalone {
		kind, name = cluster.Deployments, r.Provisioner.DeploymentName(r.Name)
	}
	patch, err := recordPatch(r.UID, annotation, value)
	if err != nil {
		return err
	}
	err = c.Retry(ctx, func() error {
		_, err := c.Objects(kind, r.Namespace).
			Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: recordManager})
		return err
	})
	key := egress.Key(&r.EgressRouter)
	switch {
	case err == nil:
		return nil
	case hasCause(err, "metadata.uid"):
		return fmt.Errorf("recording %s on the router %s: it was made anew since it was read: run this again", annotation, key)
	case apierrors.IsNotFound(err) && !cluster.NotServed(err):
		return fmt.Errorf("recording %s on the router %s: %w", annotation, key, cluster.ErrNotFound)
	default:
		return fmt.Errorf("recording %s on the router %s: %w", annotation, key, cluster.Explain(err, "patch", kind.GVR(), r.Namespace))
	}
}

// recordPatch is a merge patch that sets one annotation, or removes it, of the object of that UID alone.
func recordPatch(uid types.UID, annotation, value string) ([]byte, error) {
	var content any
	if value != "" {
		content = value
	}
	metadata := map[string]any{"annotations": map[string]any{annotation: content}}
	if uid != "" {
		metadata["uid"] = uid
	}
	patch, err := json.Marshal(map[string]any{"metadata": metadata})
	if err != nil {
		return nil, fmt.Errorf("writing the annotation %s: %w", annotation, err)
	}
	return patch, nil
}

// hasCause reports whether the server refused that field.
func hasCause(err error, field string) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Details != nil &&
		slices.ContainsFunc(status.Status().Details.Causes, func(c metav1.StatusCause) bool { return c.Field == field })
}
