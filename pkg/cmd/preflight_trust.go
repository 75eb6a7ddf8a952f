package cmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/report"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// trust is for which routers --fix may change the platform.
type trust struct {
	// fit is what the routers need that nothing speaks against, and granted the part of it that their namespaces are granted.
	fit, granted []platform.Attachment
	// ungranted are the routers whose part is left over, with why, by namespace.
	ungranted map[string][]string
	// declined tells that the ungranted ones were left out.
	declined bool
	// unfit is how many routers were left out since something speaks against them.
	unfit int
}

func (t *trust) leavesOut() bool { return t.declined || t.unfit > 0 }

// refused is the end of a run that left routers out which nobody has granted their address.
func (t *trust) refused() error {
	if t.declined {
		return &exitError{code: exitErrors}
	}
	return nil
}

// trust judges the routers before anybody is asked. What --address describes is the user's own word.
func (o *onPlatform) trust() (*trust, error) {
	t := &trust{ungranted: map[string][]string{}}
	if o.byHand.IsValid() {
		t.fit, t.granted = o.need, o.need
		return t, nil
	}
	verdicts, err := o.verdicts()
	if err != nil {
		return nil, err
	}
	granted := func(router string) bool { return verdicts == nil || verdicts[router].Allowed == grant.Yes }
	judged := o.look.judge(o.checks)
	needed, against := map[string]bool{}, map[string]string{}
	for i := range o.need {
		needed[o.need[i].Router], o.need[i].Named = true, verdicts[o.need[i].Router].Names
	}
	for _, r := range o.look.routers() {
		key := egress.Key(&r.EgressRouter)
		if why := judged.Unfit(r, granted); why != "" && needed[key] {
			against[key] = why
			o.note("%s is left out: %s", key, why)
		}
		if verdicts != nil && !granted(key) && against[key] == "" {
			t.ungranted[r.Namespace] = append(t.ungranted[r.Namespace], fmt.Sprintf("%s: %s", r.Name, verdicts[key].Why))
		}
	}
	t.unfit = len(against)
	t.fit = collect.Filter(o.need, func(at platform.Attachment) bool { return against[at.Router] == "" })
	t.granted = collect.Filter(t.fit, func(at platform.Attachment) bool { return granted(at.Router) })
	return t, nil
}

// readGrants adds to what was seen what is granted, unless a person's own word is what counts.
func (o *onPlatform) readGrants(ctx context.Context) {
	if o.look.client != nil && !o.byHand.IsValid() {
		o.look.Grants, o.unknownGrants = read.GrantData(ctx, o.look.client)
	}
}

// verdicts say of each router whether it has its address by a grant; nil in a cluster without grants, or where nobody asked for
// them.
func (o *onPlatform) verdicts() (map[string]grant.Verdict, error) {
	switch {
	case o.unknownGrants != nil && o.ungranted:
		o.note("%v", o.unknownGrants)
		return nil, nil
	case o.unknownGrants != nil:
		return nil, fmt.Errorf("%w: nothing was changed; with --ungranted it is changed for all", o.unknownGrants)
	case o.look.Grants == nil:
		o.note("this cluster has no grants, which say which namespace may have which addresses: see \"%s grant --help\"", o.name)
		return nil, nil
	}
	grants := grant.Parse(o.look.Grants.Data)
	verdicts := grants.Judge(o.look.Snapshot)
	x := o.look.Index()
	for _, at := range o.need {
		if verdicts[at.Router].Allowed != grant.Yes {
			continue
		}
		node := snapshot.Node{Name: at.Node.Name}
		if known := x.NodeOf(at.Node.Name); known != nil {
			node = *known
		}
		namespace, _, _ := strings.Cut(at.Router, "/")
		if allowed, why := grants.AllowsNode(namespace, node); allowed != grant.Yes {
			verdicts[at.Router] = grant.Verdict{Allowed: allowed, Why: why}
		}
	}
	return verdicts, nil
}

// settle makes the plan that is carried out: shown, and agreed to by a person or by flags.
func (o *onPlatform) settle(ctx context.Context, t *trust) (*platform.Plan, error) {
	asks := len(t.ungranted) > 0 && !o.ungranted
	need := t.fit
	if asks && o.yes {
		need, t.declined = t.granted, true
	}
	plan, err := o.adapter.Plan(ctx, need)
	if err != nil {
		return nil, err
	}
	o.sayUngranted(t)
	if len(plan.Changes) == 0 {
		return plan, nil
	}
	if err := report.Diff(o.ErrOut, plan, colour(o.ErrOut)); err != nil {
		return nil, err
	}
	if o.yes {
		return plan, nil
	}
	if !asks {
		if !o.agrees("Change this in " + o.on.Title + "?") {
			return nil, errNotConfirmed
		}
		return plan, nil
	}
	switch o.chooses("Change this in " + o.on.Title + "? y for all, g for what is granted only") {
	case "y", "yes":
		return plan, nil
	case "g", "granted", "granted only":
		t.declined = true
		return o.adapter.Plan(ctx, t.granted)
	}
	return nil, errNotConfirmed
}

// errNotConfirmed is the end of a run whose question was answered with no.
var errNotConfirmed = errors.New("not confirmed: nothing was changed")

// sayUngranted names the routers that nobody has granted what they ask for.
func (o *onPlatform) sayUngranted(t *trust) {
	for _, namespace := range slices.Sorted(maps.Keys(t.ungranted)) {
		left := "not granted"
		if t.declined {
			left = "left out, not granted"
		}
		o.note("%s, in namespace %s: %s", left, namespace, finding.Listed(t.ungranted[namespace], mostUngranted, "; "))
	}
	if t.declined {
		o.note("grant them what they ask for (see \"%s grant --help\"), or give --ungranted", o.name)
	}
}

// mostUngranted is how many routers of a namespace are named before the rest is counted.
const mostUngranted = 5
