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

	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

const (
	// PauseAnnotation on a Namespace, with the value Asleep, makes the operator ignore its routers until
	// the annotation is taken away: that their objects stay missing or old is then a test's to see.
	PauseAnnotation = "test.kubectl-egress.io/operator"
	// Asleep is the value of PauseAnnotation.
	Asleep = "asleep"
	// ReleaseAnnotation and ImageAnnotation on a Namespace play an upgrade of OpenShift there: the release and the image
	// that they hold stand for the operator's own. They are heeded at the next resync, in one step or in two.
	ReleaseAnnotation = "test.kubectl-egress.io/release"
	// ImageAnnotation is the pods' image.
	ImageAnnotation = "test.kubectl-egress.io/image"

	nap = 100 * time.Millisecond // between two looks at an annotation that says asleep
)

// Options set the operator's pace. Zero values are the real operator's.
type Options struct {
	Delay         time.Duration // from when a router appears to its first reconciliation: a slow operator
	DegradedAfter time.Duration // how long rendering must fail before ClusterOperator network says so; real: 2 minutes
	Resync        time.Duration // between two applies of an unchanged router; real: 5 minutes
	Release                     // whose operator it is; empty fields: a release and an image that look the part
}

// Release is what an upgrade of OpenShift changes.
type Release struct {
	Version string // such as 4.20.8
	Image   string // of the router pods
}

// operator is the state of one run. The real one keeps it in memory too, which is why a restart clears it.
type operator struct {
	Options
	client client.Client
	seen   map[types.UID]time.Time // when each router appeared

	failures     map[client.ObjectKey]error // of routers, deleted ones among them: nothing ever forgets those
	failingSince time.Time                  // when failures last became non-empty
}

// Run plays the operator in a cluster that serves the OpenShift APIs, until ctx ends. Starting it is a
// restart: it begins by withdrawing what an earlier run reported.
func Run(ctx context.Context, cfg *rest.Config, o Options) error {
	c, err := kube.NewClient(cfg)
	if err != nil {
		return err
	}
	op := &operator{
		Options:  withDefaults(o),
		client:   c,
		seen:     map[types.UID]time.Time{},
		failures: map[client.ObjectKey]error{},
	}
	if err := op.report(ctx); err != nil {
		return err
	}
	return kube.Reconcile(ctx, cfg, &netopv1.EgressRouter{}, op.reconcile)
}

func withDefaults(o Options) Options {
	if o.DegradedAfter == 0 {
		o.DegradedAfter = 2 * time.Minute
	}
	if o.Resync == 0 {
		o.Resync = 5 * time.Minute
	}
	o.Version = cmp.Or(o.Version, "4.20.8")
	o.Image = cmp.Or(o.Image, "quay.io/openshift/origin-egress-router-cni:latest")
	return o
}

func (o *operator) reconcile(ctx context.Context, key client.ObjectKey) (again time.Duration, err error) {
	var router netopv1.EgressRouter
	if err := o.client.Get(ctx, key, &router); err != nil {
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
		o.fail(key, err)
		return o.retry(), o.report(ctx)
	}
	delete(o.failures, key)
	return o.Resync, o.report(ctx)
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

// retry is the pause after a failure: short enough that Degraded comes about when it should.
func (o *operator) retry() time.Duration {
	return min(max(o.DegradedAfter/10, 50*time.Millisecond), 5*time.Second)
}
