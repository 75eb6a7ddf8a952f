package controller

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Auditor says what a platform lets through. That it writes nothing is in what it can do.
type Auditor interface {
	// Plan says of each Attachment whether its frames pass, and why not.
	Plan(ctx context.Context, need []platform.Attachment) (*platform.Plan, error)
	// Close logs out.
	Close(ctx context.Context) error
}

// someNode is the key of the queue for news of a node.
const someNode = "node"

// The reasons of the audit's Events.
const (
	reasonRejects = "PolicyRejects"
	reasonUnknown = "PolicyUnknown"
	reasonAllows  = "PolicyAllows"
	// actionAudit is what was being done in all of them.
	actionAudit = "Audit"
)

// audit is the work on vSphere: it says where the policies in effect reject what a router sends.
type audit struct {
	*Syncer
	// auditor is logged in, or nil.
	auditor Auditor
	// answered is what was last asked, and answered.
	answered *question
	// told are the nodes that were last said of each router that is out of step.
	told map[string][]string
}

// question is what an audit asks: of all nodes that each router can come to be on.
type question struct {
	// routers are by namespace/name.
	routers map[string]snapshot.Router
	need    []platform.Attachment
}

func newAudit(s *Syncer) *audit { return &audit{Syncer: s, told: map[string][]string{}} }

// hear asks for a pass. What a node has become often means nothing to a router, so that is no reason to ask for
// everything.
func (a *audit) hear(router string) {
	if router == "" {
		router = someNode
	}
	a.queue.Add(router)
}

// gone has nothing to do: nothing was written for the router.
func (a *audit) gone(snapshot.Router) {}

// rest logs out, as far as the platform still listens.
func (a *audit) rest(ctx context.Context) {
	if a.auditor == nil {
		return
	}
	within, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	// A session that cannot be ended ends by itself, once it is idle for long enough.
	_ = a.auditor.Close(within)
	a.auditor = nil
}

// pass audits, unless it is known what would come of it: nothing that matters has changed, and it is not yet time to
// look whether another has changed a policy. No router is late: whoever mends it is no process.
func (a *audit) pass(ctx context.Context, keys map[string]bool) (map[string]bool, error) {
	held, _ := a.mirrored()
	q := ask(held)
	if !keys[everything] && q.same(a.answered) {
		return nil, nil
	}
	a.answered = nil
	plan, err := a.plan(ctx, q.need)
	a.metrics.passed(ctx, err)
	if err != nil {
		return nil, err
	}
	a.tell(q, plan)
	a.answered = q
	return nil, nil
}

// plan asks the platform. Without a router there is nothing to ask.
func (a *audit) plan(ctx context.Context, need []platform.Attachment) (*platform.Plan, error) {
	if len(need) == 0 {
		return &platform.Plan{}, nil
	}
	within, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	fresh := a.auditor == nil
	if fresh {
		var err error
		if a.auditor, err = a.Audit(within); err != nil {
			a.auditor = nil
			return nil, a.trouble(ctx, err)
		}
	}
	plan, err := a.auditor.Plan(within, need)
	if err != nil {
		return nil, a.trouble(ctx, err)
	}
	if fresh {
		a.Log.Info("logged in", "where", plan.Where)
	}
	a.troubles.over("cloud")
	return plan, nil
}

// trouble notes that the platform does not answer. The next try logs in anew, perhaps with other credentials.
func (a *audit) trouble(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		a.troubles.say("cloud", err)
		a.rest(ctx)
	}
	return err
}

// tell says to log, Events and metrics what plan shows.
func (a *audit) tell(q *question, plan *platform.Plan) {
	out := map[string]error{}
	for router, v := range verdicts(plan.Permissions) {
		r := q.routers[router]
		text := v.text(r, a.Preflight)
		out[router] = fmt.Errorf("%s: %s", router, text)
		if a.troubles.say("router "+router, out[router]) {
			a.recorder.Tell(r, v.news(a.told[router]), corev1.EventTypeWarning, v.reason(), actionAudit, text)
			a.told[router] = v.nodes()
		}
	}
	for router, r := range q.routers {
		if out[router] == nil && a.troubles.over("router "+router) {
			a.recorder.Tell(r, "", corev1.EventTypeNormal, reasonAllows, actionAudit, "vSphere lets its frames through on every node that it can come to be on")
		}
	}
	a.troubles.keep(q.routers, out)
	maps.DeleteFunc(a.told, func(router string, _ []string) bool { return out[router] == nil })
	a.metrics.routers.Set(float64(len(q.routers)))
	a.metrics.outOfStep.Set(float64(len(out)))
	a.metrics.found(plan.Findings)
}

// ask is the question that a cluster gives rise to.
func ask(held *snapshot.Snapshot) *question {
	q := &question{routers: map[string]snapshot.Router{}}
	for _, r := range held.Routers {
		q.routers[egress.Key(&r.EgressRouter)] = r
	}
	var needs [][]platform.Attachment
	for _, in := range byNamespace(held, slices.Values(held.Routers)) {
		in.Nodes = held.Nodes
		// Before the operator has made the Deployment, nobody knows on which nodes the router can come to be.
		placed := slices.DeleteFunc(in.Routers, func(r snapshot.Router) bool { return in.DeploymentOf(r) == nil })
		needs = append(needs, platform.Attachments(in, placed, true))
	}
	q.need = slices.Concat(needs...)
	// A policy is for any MAC and any destination.
	for i := range q.need {
		q.need[i].MAC, q.need[i].Destinations = "", nil
	}
	return q
}

// same reports whether two questions have the same answer, unless another hand is at work.
func (q *question) same(other *question) bool {
	return other != nil && reflect.DeepEqual(q.need, other.need) &&
		maps.EqualFunc(q.routers, other.routers, func(a, b snapshot.Router) bool { return a.UID == b.UID })
}
