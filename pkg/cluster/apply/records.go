package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// trustWritten is how long what was recorded counts for more than what is read: the news of a Mirror may be late.
const trustWritten = time.Minute

// Records keeps a text on each of some routers, in an annotation. It knows what it has written before a Mirror shows it.
type Records struct {
	client     *cluster.Client
	annotation string

	mu sync.Mutex
	// routers are those that can be recorded on, by namespace/name.
	routers map[string]snapshot.Router
	written map[types.UID]writtenRecord
}

// writtenRecord is what was written last on a router.
type writtenRecord struct {
	text string
	at   time.Time
}

// NewRecords makes Records of routers, as they were read.
func NewRecords(c *cluster.Client, annotation string, routers []snapshot.Router) *Records {
	r := &Records{client: c, annotation: annotation, written: map[types.UID]writtenRecord{}}
	r.Replace(routers)
	return r
}

// Replace takes routers as those that can be recorded on.
func (r *Records) Replace(routers []snapshot.Router) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.routers = make(map[string]snapshot.Router, len(routers))
	for _, router := range routers {
		r.routers[egress.Key(&router.EgressRouter)] = router
	}
}

// Confirm takes routers as the API server itself has shown them: what was written before counts no more.
func (r *Records) Confirm(routers []snapshot.Router) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, router := range routers {
		delete(r.written, router.UID)
	}
}

// Of returns the record of a router as it was read, or what was written on it since.
func (r *Records) Of(router snapshot.Router) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	shown := router.Annotations[r.annotation]
	last, ok := r.written[router.UID]
	if !ok {
		return shown
	}
	if last.text == shown || time.Since(last.at) > trustWritten {
		delete(r.written, router.UID)
		return shown
	}
	return last.text
}

// Load returns the record of a router; known is false for one that cannot be recorded on.
func (r *Records) Load(router string) (record string, known bool) {
	r.mu.Lock()
	on, known := r.routers[router]
	r.mu.Unlock()
	if !known {
		return "", false
	}
	return r.Of(on), true
}

// Save records a text on a router; "" removes it.
func (r *Records) Save(ctx context.Context, router, record string) error {
	r.mu.Lock()
	on := r.routers[router]
	r.mu.Unlock()
	on.Annotations = map[string]string{r.annotation: r.Of(on)}
	if err := Record(ctx, r.client, on, r.annotation, record); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for uid, last := range r.written {
		if time.Since(last.at) > trustWritten {
			delete(r.written, uid)
		}
	}
	r.written[on.UID] = writtenRecord{record, time.Now()}
	return nil
}

// recordManager is the field manager of what is recorded on a router. It is not the one that applies
// routers: applying drops what its manager set before and does not ask for any more.
const recordManager = "kubectl-egress-record"

// Record sets an annotation of this tool's on r as it was read: on its EgressRouter, or on the Deployment
// of a standalone one. "" removes it. Nothing is sent where it stands already. A router that is gone, or
// was created again since it was read, is an error; of one that is gone, errors.Is tells ErrNotFound.
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
		return fmt.Errorf("recording %s on the router %s: it was created again since it was read: run this again", annotation, key)
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
	return slices.ContainsFunc(cluster.Details(err).Causes, func(c metav1.StatusCause) bool { return c.Field == field })
}
