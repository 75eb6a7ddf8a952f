package cno

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	configv1 "github.com/openshift/api/config/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/test/cno/facts"
)

// status is what the operator remembers of routers that fail. A message is as old as the last time it was set.
type status struct {
	failures  map[client.ObjectKey]error // deleted routers among them: nothing ever forgets those
	firstSeen time.Time                  // since when they fail and it was not said; zero where nothing waits
	message   string                     // what ClusterOperator network says of routers, "" for nothing
}

// fail remembers that a router cannot be reconciled. Only a router of that name that can takes it back.
func (o *operator) fail(ctx context.Context, key client.ObjectKey, err error) error {
	o.failures[key] = err
	return o.summarize(ctx)
}

// summarize is what the operator does at the end of each reconcile of any router. From 4.22 on it stays silent until
// failures have lasted, and starts to count again whenever it has spoken.
func (o *operator) summarize(ctx context.Context) error {
	switch {
	case len(o.failures) == 0:
		o.message, o.firstSeen = "", time.Time{}
	case !facts.Debounces(o.Version):
		o.message = o.complaint()
	case o.firstSeen.IsZero():
		o.firstSeen = time.Now()
		return nil
	case time.Since(o.firstSeen) < o.scaled(facts.DegradedAfter):
		return nil
	default:
		o.message, o.firstSeen = o.complaint(), time.Time{}
	}
	return o.report(ctx)
}

func (o *operator) complaint() string {
	byName := func(a, b client.ObjectKey) int { return cmp.Compare(a.String(), b.String()) }
	var messages []string
	for _, key := range slices.SortedFunc(maps.Keys(o.failures), byName) {
		messages = append(messages, facts.Message(key.String(), o.failures[key]))
	}
	return strings.Join(messages, ", ")
}

// report brings the condition Degraded of ClusterOperator network in line with what there is to say.
func (o *operator) report(ctx context.Context) error {
	if err := retry.RetryOnConflict(retry.DefaultRetry, func() error { return o.setCondition(ctx) }); err != nil {
		return fmt.Errorf("reporting in ClusterOperator network: %w", err)
	}
	return nil
}

// condition is that of the lowest level that fails, and of no other: routers come after what TroubleAnnotation tells.
func (o *operator) condition(network *configv1.ClusterOperator) configv1.ClusterOperatorStatusCondition {
	c := configv1.ClusterOperatorStatusCondition{Type: configv1.OperatorDegraded, Status: configv1.ConditionFalse}
	if trouble := network.Annotations[TroubleAnnotation]; trouble != "" {
		c.Status, c.Reason, c.Message = configv1.ConditionTrue, "RolloutHung", trouble
	} else if o.message != "" {
		c.Status, c.Reason, c.Message = configv1.ConditionTrue, facts.DegradedReason, o.message
	}
	return c
}

func (o *operator) setCondition(ctx context.Context) error {
	var network configv1.ClusterOperator
	if err := o.client.Get(ctx, client.ObjectKey{Name: "network"}, &network); err != nil {
		return err
	}
	want := o.condition(&network)
	conditions := &network.Status.Conditions
	i := slices.IndexFunc(*conditions, func(c configv1.ClusterOperatorStatusCondition) bool { return c.Type == want.Type })
	if i < 0 {
		*conditions = append(*conditions, configv1.ClusterOperatorStatusCondition{Type: want.Type})
		i = len(*conditions) - 1
	}
	is := &(*conditions)[i]
	want.LastTransitionTime = is.LastTransitionTime
	if *is == want {
		return nil
	}
	if is.Status != want.Status {
		want.LastTransitionTime = metav1.Now()
	}
	*is = want
	return o.client.Status().Update(ctx, &network)
}
