package cluster

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes/scheme"
	typedevents "k8s.io/client-go/kubernetes/typed/events/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Recorder records Events on routers: on the EgressRouter, or on the Deployment of a standalone one.
type Recorder struct{ events.EventRecorder }

// NewRecorder makes a Recorder that works until ctx ends, as the controller of that name. failed hears of what could
// not be recorded.
func NewRecorder(ctx context.Context, cfg *rest.Config, controller string, failed func(error)) (*Recorder, error) {
	// A node that is lost makes hundreds at once, and each is a request: they may take their time.
	cfg = rest.CopyConfig(cfg)
	cfg.QPS, cfg.Burst = 50, 100
	client, err := typedevents.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("preparing to record events: %w", err)
	}
	broadcaster := events.NewBroadcaster(sink{&events.EventSinkImpl{Interface: client}, failed})
	if err := broadcaster.StartRecordingToSinkWithContext(ctx); err != nil {
		return nil, fmt.Errorf("preparing to record events: %w", err)
	}
	context.AfterFunc(ctx, broadcaster.Shutdown)
	return &Recorder{broadcaster.NewRecorder(scheme.Scheme, controller)}, nil
}

// Tell records an Event on r. Those with the same reason and node within a few minutes are one, with a count; kind is
// Normal or Warning, and action says what was being done.
func (r *Recorder) Tell(router snapshot.Router, node, kind, reason, action, note string) {
	on := &corev1.ObjectReference{
		APIVersion: egress.Kind.GroupVersion().String(), Kind: egress.Kind.Kind,
		Namespace: router.Namespace, Name: router.Name, UID: router.UID,
	}
	if router.Provisioner == egress.Standalone {
		on.APIVersion, on.Kind, on.Name = "apps/v1", "Deployment", router.Provisioner.DeploymentName(router.Name)
	}
	if node == "" {
		r.Eventf(on, nil, kind, reason, action, "%s", note)
		return
	}
	r.Eventf(on, &corev1.ObjectReference{APIVersion: "v1", Kind: "Node", Name: node}, kind, reason, action, "%s", note)
}

// sink says what the server does not take.
type sink struct {
	next   *events.EventSinkImpl
	failed func(error)
}

func (s sink) Create(ctx context.Context, event *eventsv1.Event) (*eventsv1.Event, error) {
	out, err := s.next.Create(ctx, event)
	return out, s.tell(ctx, "create", event, err)
}

func (s sink) Update(ctx context.Context, event *eventsv1.Event) (*eventsv1.Event, error) {
	out, err := s.next.Update(ctx, event)
	return out, s.tell(ctx, "update", event, err)
}

func (s sink) Patch(ctx context.Context, event *eventsv1.Event, data []byte) (*eventsv1.Event, error) {
	out, err := s.next.Patch(ctx, event, data)
	return out, s.tell(ctx, "patch", event, err)
}

// tell hands err on as it is: the broadcaster tells by its type whether to try again. An Event that is there already is
// one whose count came before it: the two are sent side by side.
func (s sink) tell(ctx context.Context, verb string, event *eventsv1.Event, err error) error {
	if err != nil && ctx.Err() == nil && !apierrors.IsAlreadyExists(err) && (!apierrors.IsNotFound(err) || NotServed(err)) {
		gvr := eventsv1.SchemeGroupVersion.WithResource("events")
		s.failed(fmt.Errorf("events cannot be recorded: %w", Explain(err, verb, gvr, event.Namespace)))
	}
	return err
}
