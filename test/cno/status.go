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
)

// fail remembers that a router cannot be reconciled. Only a router of that name that can takes it back.
func (o *operator) fail(key client.ObjectKey, err error) {
	if len(o.failures) == 0 {
		o.failingSince = time.Now()
	}
	o.failures[key] = fmt.Errorf("could not reconcile Egress Router %s: %w", key, err)
}

// report brings the condition Degraded of ClusterOperator network in line with the failures. Failures
// that are not yet old enough change nothing, in either direction.
func (o *operator) report(ctx context.Context) error {
	want := configv1.ClusterOperatorStatusCondition{Type: configv1.OperatorDegraded, Status: configv1.ConditionFalse}
	if len(o.failures) > 0 {
		if time.Since(o.failingSince) < o.DegradedAfter {
			return nil
		}
		want.Status = configv1.ConditionTrue
		want.Reason = "EgressRouterError"
		want.Message = o.message()
	}
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error { return o.setCondition(ctx, want) })
	if err != nil {
		return fmt.Errorf("reporting in ClusterOperator network: %w", err)
	}
	return nil
}

func (o *operator) message() string {
	byName := func(a, b client.ObjectKey) int { return cmp.Compare(a.String(), b.String()) }
	var messages []string
	for _, key := range slices.SortedFunc(maps.Keys(o.failures), byName) {
		messages = append(messages, o.failures[key].Error())
	}
	return strings.Join(messages, ", ")
}

func (o *operator) setCondition(ctx context.Context, want configv1.ClusterOperatorStatusCondition) error {
	var network configv1.ClusterOperator
	if err := o.client.Get(ctx, client.ObjectKey{Name: "network"}, &network); err != nil {
		return err
	}
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
