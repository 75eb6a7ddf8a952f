package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
)

// TimeoutError is returned where a wait takes longer than it may.
type TimeoutError struct {
	// What was waited for, and Why it is not there.
	What, Why string
	After     time.Duration
}

// Error says what was waited for, how long, and why it is not there.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("timed out after %s waiting for %s: %s", e.After, e.What, e.Why)
}

// Target is a router to wait for.
type Target struct {
	Router      *nov1.EgressRouter
	Provisioner egress.Provisioner
	// Findings are the errors that the spec checks find in it, for the reason why nothing happens.
	Findings []finding.Finding
	// Part is what is set on the operator's Deployment; nil leaves it alone.
	Part *Part
}

// Wait waits until the router serves: NAD there, Deployment available, and net1 with the reserved IP in
// the pod's network-status. It applies t's Part as soon as the operator has made the Deployment, and restarts
// an operator's Deployment whose pod runs older rules. say hears of
// that, and of a reason that has held things up for a second. The error is a TimeoutError when timeout is
// over.
func (c *Client) Wait(ctx context.Context, t Target, timeout time.Duration, say func(reason string)) error {
	name := t.Provisioner
	w := &waiter{client: c, target: t, say: say}
	selections := []selection{
		{gvr: nads(), name: name.NADName(t.Router.Name)},
		{gvr: deployments(), name: name.DeploymentName(t.Router.Name)},
		{gvr: core("pods"), labels: labels.FormatLabels(name.PodLabels(t.Router.Name))},
	}
	reasons := &reasons{say: say}
	err := c.within(ctx, timeout, t.Router.Namespace, selections, func(lists [][]*unstructured.Unstructured) (bool, error) {
		reason, err := w.judge(ctx, lists)
		reasons.now(reason)
		return reason == "", err
	})
	return timedOut(ctx, err, "egress router "+egress.Key(t.Router), timeout, func() string { return w.final(ctx) })
}

// reasons passes on why something is not there yet, once for each reason that lasts.
type reasons struct {
	say        func(string)
	last, said string
	since      time.Time
}

// lasting is how long a reason must hold before a person hears of it.
const lasting = time.Second

func (r *reasons) now(reason string) {
	if reason != r.last {
		r.last, r.since = reason, time.Now()
	}
	if reason != "" && reason != r.said && time.Since(r.since) >= lasting {
		r.said = reason
		r.say(reason)
	}
}

// timedOut is err, as a TimeoutError where the time of the wait alone is over.
func timedOut(ctx context.Context, err error, what string, timeout time.Duration, why func() string) error {
	if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return err
	}
	reason := why()
	if reason == "" {
		reason = "the cluster has not answered"
	}
	return &TimeoutError{What: what, Why: reason, After: timeout}
}

// within is follow with a time limit.
func (c *Client) within(ctx context.Context, timeout time.Duration, namespace string, selections []selection, judge func([][]*unstructured.Unstructured) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return c.follow(ctx, namespace, selections, judge)
}

// waiter looks at a router again and again.
type waiter struct {
	client *Client
	target Target
	say    func(string)
	// view is what was seen last; step and reason are where that leaves the router.
	view   *view
	step   int
	reason string
	// since is when the router came to this step, asked when its cause was last looked for, detail what that found.
	since, asked time.Time
	detail       string
	// restarted is the hash of the NAD for which the pod was restarted.
	restarted string
	// settled tells that the target's Part was applied, which gave the Deployment this generation.
	settled    bool
	generation int64
}

// patience is how long a step may take before its cause is looked for, and how often then.
const patience = 3 * time.Second

// judge says why the router does not serve yet; "" when it does.
func (w *waiter) judge(ctx context.Context, lists [][]*unstructured.Unstructured) (string, error) {
	v, err := newView(w.target, lists)
	if err != nil {
		return "", err
	}
	if !w.settled && v.settleable() {
		if changed, err := w.settle(ctx, v); changed || err != nil {
			return "the pod starts anew", err
		}
	}
	if v.deployment != nil && v.deployment.Generation < w.generation {
		return "the pod starts anew", nil
	}
	if v.stale() {
		return "the pod starts anew", w.restart(ctx, v)
	}
	step, reason := v.progress()
	if w.view == nil || step != w.step {
		w.since, w.asked, w.detail = time.Now(), time.Time{}, ""
	}
	w.view, w.step, w.reason = v, step, reason
	if time.Since(w.since) > patience && time.Since(w.asked) > patience {
		w.look(ctx)
	}
	return w.words(), nil
}

// final is why the router does not serve when time is up, looked for once more.
func (w *waiter) final(ctx context.Context) string {
	if w.view != nil {
		w.look(ctx)
	}
	return w.words()
}

// look looks for the cause of the step where it lies elsewhere in the cluster.
func (w *waiter) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	w.asked = time.Now()
	switch w.step {
	case stepNAD:
		w.detail = w.client.operatorReason(ctx, w.target)
	case stepPod:
		w.detail = w.client.podReason(ctx, w.view)
	}
}

func (w *waiter) words() string {
	if w.reason == "" || w.detail == "" {
		return w.reason
	}
	return w.reason + ": " + w.detail
}

// settle applies the target's Part, once, and restarts the pod in the same roll-out where that is due.
func (w *waiter) settle(ctx context.Context, v *view) (changed bool, err error) {
	stale := v.stale()
	applied, err := w.client.settle(ctx, v)
	if err != nil {
		return false, err
	}
	w.settled, w.generation = true, applied.Object.GetGeneration()
	if stale {
		w.restarted = render.Hash(v.nad.Spec.Config)
		w.say(restarting)
	}
	return applied.Result != Unchanged, nil
}

// restarting is said of a pod that starts with changed rules.
const restarting = "restarting its pod, so that it starts with the changed rules"

// restart restarts the pod, once for each state of the NAD, and says so.
func (w *waiter) restart(ctx context.Context, v *view) error {
	hash := render.Hash(v.nad.Spec.Config)
	if hash == w.restarted {
		return nil
	}
	w.restarted = hash
	w.say(restarting)
	return w.client.restart(ctx, v)
}
