package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// without makes a copy of role that lacks one rule.
func (s *server) without(t *testing.T, role *rbacv1.ClusterRole, i int) (name string, rule rbacv1.PolicyRule) {
	t.Helper()
	less := role.DeepCopy()
	less.Name, less.Labels, less.ResourceVersion = fmt.Sprintf("%s-without-%d", role.Name, i), nil, ""
	rule = less.Rules[i]
	less.Rules = slices.Delete(less.Rules, i, i+1)
	s.create(t, less)
	return less.Name, rule
}

// withoutViewerRule: what can no longer be read is unknown, by its resource, with a reason that names the
// verb; and nothing else is.
func (s *server) withoutViewerRule(t *testing.T, viewer *rbacv1.ClusterRole, i int) {
	t.Run("viewer without "+strings.Join(viewer.Rules[i].Resources, " and "), func(t *testing.T) {
		name, rule := s.without(t, viewer, i)
		s.bindCluster(t, name, name)
		c := s.as(t, name)
		var got *snapshot.Snapshot
		err := kubeAwait(t.Context(), func(ctx context.Context) (bool, error) {
			var err error
			got, err = read.Snapshot(ctx, c, read.Options{Wide: true, Checks: true})
			return err == nil && len(got.Unknown) <= len(rule.Resources), err
		})
		if err != nil {
			t.Fatalf("%v: unknown are %+v", err, got.Unknown)
		}
		verb := "list"
		if len(rule.ResourceNames) > 0 {
			verb = "get"
		}
		for _, resource := range rule.Resources {
			ok := slices.ContainsFunc(got.Unknown, func(u snapshot.Unknown) bool {
				return u.Resource == resource && u.Group == rule.APIGroups[0] && strings.Contains(u.Reason, fmt.Sprintf("cannot %s resource %q", verb, resource))
			})
			if !ok {
				t.Errorf("%s is not unknown: %+v", resource, got.Unknown)
			}
		}
	})
}

// withoutProvisionerRule: the rights that are missing are named, all of them; and who goes on all the same
// is told of the first that is needed.
func (s *server) withoutProvisionerRule(t *testing.T, role *rbacv1.ClusterRole, i int) {
	rule := role.Rules[i]
	resource := rule.Resources[0]
	t.Run("provisioner without "+resource, func(t *testing.T) {
		name, _ := s.without(t, role, i)
		namespace := fmt.Sprintf("roles-%d", i)
		s.namespace(t, namespace)
		s.bind(t, namespace, name, name)
		c := s.as(t, name)
		for _, provisioner := range []egress.Provisioner{egress.Operator, egress.Standalone} {
			var missing []snapshot.Right
			for _, right := range cluster.NeededRights(provisioner) {
				if right.Resource == resource && right.Group == rule.APIGroups[0] {
					missing = append(missing, right)
				}
			}
			s.awaitRights(t, c, namespace, provisioner, missing)
			if len(missing) == 0 {
				continue
			}
			r := newRouter(namespace, "partner-a", fmt.Sprintf("192.168.18.%d/24", 10+i), "192.168.18.1")
			err := serve(t.Context(), c, r, provisioner)
			if err == nil { // what is lacking is for deleting it
				err = remove(t.Context(), c, r)
			}
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("resource %q", resource)) || !strings.Contains(err.Error(), "cannot "+verbIn(err)) {
				t.Errorf("%s: got %v, want %s to be named", provisioner, err, resource)
			}
			// Whoever may do all clears up.
			if err := remove(t.Context(), s.client, r); err != nil {
				t.Fatal(err)
			}
		}
		if resource == "events" {
			s.waitWithoutEvents(t, c, namespace)
		}
	})
}

// verbIn is the verb that err says is lacking.
func verbIn(err error) string {
	for _, verb := range []string{"get", "list", "watch", "create", "patch", "delete"} {
		if strings.Contains(err.Error(), "cannot "+verb+" resource") {
			return verb
		}
	}
	return "(no verb)"
}

// waitWithoutEvents: a wait that ends in vain says that it cannot tell why.
func (s *server) waitWithoutEvents(t *testing.T, c *cluster.Client, namespace string) {
	r := newRouter(namespace, "partner-v6", "2001:db8::18/64", "2001:db8::1")
	if _, err := applyRouter(t.Context(), c, r, egress.Standalone); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the pod is on a node", func(ctx context.Context) (bool, error) {
		got, err := read.Snapshot(ctx, s.client, read.Options{Namespace: namespace})
		return err == nil && len(got.Pods) == 1 && got.Pods[0].State == "ContainerCreating", err
	})
	err := apply.Wait(t.Context(), c, apply.Target{Router: apply.RouterOf(r, egress.Standalone, nil)}, 2*time.Second, func(string) {})
	var timeout *apply.TimeoutError
	if !errors.As(err, &timeout) || !strings.Contains(timeout.Why, `cannot list resource "events"`) {
		t.Errorf("got %v", err)
	}
}
