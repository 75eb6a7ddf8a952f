package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// refuseBeside stops where a router that is there leaves no room for one of the input: under the operator it would
// take the other's NAD and Deployment at once. One that is being deleted is waited for.
func (o *createOptions) refuseBeside(ctx context.Context, client *cluster.Client) error {
	leaving, err := o.judgeBeside(ctx, client, o.noteUnread)
	if err != nil || len(leaving) == 0 {
		return err
	}
	names := strings.Join(leaving, ", ")
	if o.dryRun != dryRunNone {
		o.note("being deleted, and waited for without --dry-run: egress router %s", names)
		return nil
	}
	o.note("waiting until egress router %s is gone, which is being deleted", names)
	err = wait.PollUntilContextTimeout(ctx, time.Second, o.timeout, false, func(ctx context.Context) (bool, error) {
		leaving, err := o.judgeBeside(ctx, client, func([]snapshot.Unknown, error) {})
		return len(leaving) == 0, err
	})
	if wait.Interrupted(err) && ctx.Err() == nil {
		return &apply.TimeoutError{What: "egress router " + names + " to be gone", Why: "it is still being deleted, and nothing was written", After: o.timeout}
	}
	return err
}

// judgeBeside refuses the input beside the routers that are there to stay, and gives the names of those that are in its
// way and being deleted. noteUnread hears of what could not be read.
func (o *createOptions) judgeBeside(ctx context.Context, client *cluster.Client, noteUnread func([]snapshot.Unknown, error)) (leaving []string, err error) {
	s, unreadable, err := read.Neighbours(ctx, client, namespacesOf(o.routers))
	if err != nil {
		return nil, err
	}
	noteUnread(s.Unknown, unreadable)
	input := o.snapshot(o.provisioner).Routers
	var staying []snapshot.Router
	for _, r := range s.Routers {
		switch {
		case r.DeletionTimestamp == nil:
			staying = append(staying, r)
		case inTheWay(input, r):
			leaving = append(leaving, egress.Key(&r.EgressRouter))
		}
	}
	if err := check.OtherProvisioner(input, staying); err != nil {
		return nil, invalid(err)
	}
	return leaving, o.refuse(check.Beside(input, staying), "other routers are in the way, and nothing was written", "--force does not go past them")
}

// inTheWay reports whether r leaves no room for a router of the input.
func inTheWay(input []snapshot.Router, r snapshot.Router) bool {
	there := []snapshot.Router{r}
	return check.OtherProvisioner(input, there) != nil || len(check.Beside(input, there)) > 0
}

// noteUnread says what could not be judged, which is no refusal.
func (o *createOptions) noteUnread(unknown []snapshot.Unknown, unreadable error) {
	if unreadable != nil {
		o.note("%v: whether another router has the address was not checked there", unreadable)
	}
	if len(unknown) == 0 {
		return
	}
	const most = 3
	var names []string
	there := ""
	for _, u := range unknown {
		names = append(names, u.String())
		if o.provisioner == egress.Operator && u.Resource == egress.Resource.Resource && !u.Partial {
			there = ", nor whether the namespace has one"
		}
	}
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("%d more", len(names)-most))
	}
	o.note("%s may not be listed: whether another router has the address was not checked%s", strings.Join(names, ", "), there)
}

// latecomers are the operator-managed routers that are there once the input was applied.
type latecomers struct {
	routers []snapshot.Router
	err     error
}

// findLate lists the EgressRouters once more, if any was applied: another run may have made one at the same time.
func (o *createOptions) findLate(ctx context.Context, client *cluster.Client, outcomes []outcome) latecomers {
	applied := slices.ContainsFunc(outcomes, func(r outcome) bool { return r.err == nil })
	if o.provisioner != egress.Operator || o.dryRun != dryRunNone || !applied || ctx.Err() != nil {
		return latecomers{}
	}
	s, _, err := read.OperatorRouters(ctx, client, namespacesOf(o.routers))
	if err != nil {
		return latecomers{err: fmt.Errorf("seeing whether another router was made at the same time: %w", err)}
	}
	return latecomers{routers: s.Routers}
}

// beside is what another router in r's namespace makes of r, which was applied. Those of the input among themselves were
// judged before.
func (o *createOptions) beside(r *nov1.EgressRouter, late latecomers) ([]finding.Finding, error) {
	if late.err != nil {
		return nil, late.err
	}
	var there []snapshot.Router
	for _, other := range late.routers {
		if other.Namespace == r.Namespace && !o.names(other.Namespace, other.Name) {
			there = append(there, other)
		}
	}
	findings := check.Beside([]snapshot.Router{{EgressRouter: *r, Provisioner: o.provisioner}}, there)
	if len(findings) == 0 {
		return nil, nil
	}
	return findings, fmt.Errorf("egress router %s was applied, and another was made in its namespace at the same time: no pod was restarted: delete one of them",
		egress.Key(r))
}

// names reports whether a router of that name is in the input.
func (o *createOptions) names(namespace, name string) bool {
	return slices.ContainsFunc(o.routers, func(r *nov1.EgressRouter) bool { return r.Namespace == namespace && r.Name == name })
}

// namespacesOf are the namespaces of the routers, each once.
func namespacesOf(routers []*nov1.EgressRouter) []string {
	var names []string
	for _, r := range routers {
		names = append(names, r.Namespace)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
