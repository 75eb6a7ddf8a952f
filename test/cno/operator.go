// Package cno stands in for OpenShift's Cluster Network Operator, as far as egress routers go: it
// renders an EgressRouter into a NetworkAttachmentDefinition and a Deployment, and reports what it
// cannot render in ClusterOperator network, with the real operator's gaps, delays and silences.
package cno

import (
	"cmp"
	"context"
	"time"

	netopv1 "github.com/openshift/api/networkoperator/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/test/cno/facts"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

const (
	// PauseAnnotation on a Namespace, with the value Asleep, makes the operator ignore its routers until
	// the annotation is taken away: that their objects stay missing or old is then a test's to see.
	PauseAnnotation = "test.kubectl-egress.io/operator"
	// Asleep is the value of PauseAnnotation.
	Asleep = "asleep"
	// ReleaseAnnotation and ImageAnnotation on a Namespace play an upgrade of OpenShift there: the release and the image
	// that they hold stand for the operator's own. They take effect at the next resync, in one step or in two.
	ReleaseAnnotation = "test.kubectl-egress.io/release"
	// ImageAnnotation is the pods' image.
	ImageAnnotation = "test.kubectl-egress.io/image"
	// TroubleAnnotation on ClusterOperator network is another trouble of the operator's, in its words. It is of a lower level
	// than routers, so that Degraded tells of it alone. It takes effect at the next report.
	TroubleAnnotation = "test.kubectl-egress.io/trouble"

	nap = 100 * time.Millisecond // between two looks at an annotation that says asleep
)

// Options set the operator's pace. Zero values are the real operator's.
type Options struct {
	Delay   time.Duration // from when a router appears to its first reconciliation: a slow operator
	Clock   float64       // how many times faster than the real one it retries, resyncs and turns Degraded
	Release               // whose operator it is; empty fields: a release and an image that look the part
}

// Release is what an upgrade of OpenShift changes.
type Release struct {
	Version string // such as 4.20.8; it decides when Degraded comes
	Image   string // of the router pods
}

// operator is the state of one life. The real one keeps it in memory too, which is why a restart clears it.
type operator struct {
	Options
	status
	client client.Client
	seen   map[types.UID]time.Time  // when each router appeared
	failed map[client.ObjectKey]int // how often in a row each was not reconciled
}

// live plays the operator from its start to its end: it begins by withdrawing what an earlier life reported, and remembers
// nothing of that.
func live(ctx context.Context, cfg *rest.Config, c client.Client, o Options) error {
	op := &operator{
		Options: withDefaults(o),
		status:  status{failures: map[client.ObjectKey]error{}},
		client:  c,
		seen:    map[types.UID]time.Time{},
		failed:  map[client.ObjectKey]int{},
	}
	if err := op.report(ctx); err != nil {
		return err
	}
	return kube.Reconcile(ctx, cfg, &netopv1.EgressRouter{}, op.reconcile)
}

func withDefaults(o Options) Options {
	o.Clock = cmp.Or(o.Clock, 1)
	o.Version = cmp.Or(o.Version, "4.20.8")
	o.Image = cmp.Or(o.Image, "quay.io/openshift/origin-egress-router-cni:latest")
	return o
}

func (o *operator) reconcile(ctx context.Context, key client.ObjectKey) (again time.Duration, err error) {
	var router netopv1.EgressRouter
	if err := o.client.Get(ctx, key, &router); err != nil {
		delete(o.failed, key)
		return 0, client.IgnoreNotFound(err) // deleted: its objects are the garbage collector's, its failure stays
	}
	asleep, err := o.asleep(ctx, key.Namespace)
	if asleep || err != nil {
		return nap, err
	}
	if wait := o.notBefore(router.UID); wait > 0 {
		return wait, nil
	}
	if err := o.ensure(ctx, &router); err != nil {
		o.failed[key]++
		return o.scaled(facts.Retry(o.failed[key])), o.fail(ctx, key, err)
	}
	delete(o.failed, key)
	delete(o.failures, key)
	return o.scaled(facts.Resync), o.summarize(ctx)
}

// scaled is a time of the real operator's on o's clock.
func (o *operator) scaled(t time.Duration) time.Duration {
	return max(time.Duration(float64(t)/o.Clock), time.Millisecond)
}

// releaseOf is the operator's own release, or what the namespace has been upgraded to.
func (o *operator) releaseOf(ctx context.Context, namespace string) (Release, error) {
	var ns corev1.Namespace
	if err := o.client.Get(ctx, client.ObjectKey{Name: namespace}, &ns); err != nil {
		return Release{}, err
	}
	return Release{
		Version: cmp.Or(ns.Annotations[ReleaseAnnotation], o.Version),
		Image:   cmp.Or(ns.Annotations[ImageAnnotation], o.Image),
	}, nil
}

func (o *operator) asleep(ctx context.Context, namespace string) (bool, error) {
	var ns corev1.Namespace
	if err := o.client.Get(ctx, client.ObjectKey{Name: namespace}, &ns); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	return ns.Annotations[PauseAnnotation] == Asleep, nil
}

// notBefore is how long a slow operator has yet to leave this router alone.
func (o *operator) notBefore(uid types.UID) time.Duration {
	if _, known := o.seen[uid]; !known {
		o.seen[uid] = time.Now()
	}
	return time.Until(o.seen[uid].Add(o.Delay))
}
