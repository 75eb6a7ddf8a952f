// Package audit is the controller's work on a platform where nothing moves with pods but policies drift: it plans, says
// what the plan shows, and writes nothing.
package audit

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/mirror"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
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

// Options say what is audited, and in which words.
type Options struct {
	// Connect prepares to look at the platform, with the credentials as they are now: it is asked again where they did
	// not do.
	Connect func(ctx context.Context) (Auditor, error)
	// Title is the platform's in a sentence.
	Title string
	// Blanket is set where it allows all frames of a node or none, whatever their MAC and destination.
	Blanket bool
	// Preflight is how preflight is run for the same.
	Preflight finding.Run
	// Timeout is how long an audit may take; 0: 5 minutes.
	Timeout time.Duration
}

// Mirror is what an audit needs to see of the cluster: on which nodes a router can come to be is in its Deployment.
func Mirror() mirror.Options { return mirror.Options{Deployments: true} }

const (
	// someNode is the key of the queue for news of a node.
	someNode = "node"
	// farewell is what logging out may take.
	farewell = 2 * time.Second
)

// The reasons of the audit's Events.
const (
	reasonRejects = "PolicyRejects"
	reasonUnknown = "PolicyUnknown"
	reasonAllows  = "PolicyAllows"
	// action is what was being done in all of them.
	action = "Audit"
)

// work is the controller.Work of an audit.
type work struct {
	*controller.Environment
	Options
	findings *prometheus.GaugeVec
	// counted are the findings that are served.
	counted map[label]int
	// auditor is logged in, or nil.
	auditor Auditor
	// answered is what was last asked, and answered.
	answered *question
	// announced are the nodes that were last named of each router that is out of step.
	announced map[string][]string
}

// label is what findings are counted by.
type label struct {
	code  finding.Code
	level finding.Level
}

// New prepares the work, for controller.Options.
func New(o Options) func(*controller.Environment) controller.Work {
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Minute
	}
	return func(e *controller.Environment) controller.Work {
		return &work{Environment: e, Options: o, announced: map[string][]string{}, findings: e.Metrics.NewGaugeVec(prometheus.GaugeOpts{
			Name: "findings", Help: "What the last audit has found, by code and level: error or warning.",
		}, []string{"code", "level"})}
	}
}

// Changed asks for a pass. What a node has become often means nothing to a router, so that is no reason to ask for
// everything.
func (w *work) Changed(router string) {
	if router == "" {
		router = someNode
	}
	w.Add(router)
}

// Deleted has nothing to do: nothing was written for the router.
func (w *work) Deleted(snapshot.Router) {}

// Close logs out, as far as the platform still listens.
func (w *work) Close(ctx context.Context) {
	if w.auditor == nil {
		return
	}
	within, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	// A session that cannot be ended ends by itself, once it is idle for long enough.
	_ = w.auditor.Close(within)
	w.auditor = nil
}

// Pass audits, unless it is known what would come of it: nothing that matters has changed, and it is not yet time to
// look whether another has changed a policy. No router is tried again sooner: whoever fixes it is no process.
func (w *work) Pass(ctx context.Context, all bool) error {
	held, _ := w.Snapshot()
	q := questionOf(held, w.Blanket)
	if !all && q.same(w.answered) {
		return nil
	}
	w.answered = nil
	plan, err := w.plan(ctx, q.need)
	w.Metrics.Passed(ctx, err)
	if err != nil {
		return err
	}
	w.announce(q, plan)
	w.answered = q
	return nil
}

// plan asks the platform. Without a router there is nothing to ask.
func (w *work) plan(ctx context.Context, need []platform.Attachment) (*platform.Plan, error) {
	if len(need) == 0 {
		return &platform.Plan{}, nil
	}
	within, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	fresh := w.auditor == nil
	if fresh {
		auditor, err := w.Connect(within)
		if err != nil {
			return nil, w.trouble(ctx, err)
		}
		w.auditor = auditor
	}
	plan, err := w.auditor.Plan(within, need)
	if err != nil {
		return nil, w.trouble(ctx, err)
	}
	if fresh {
		w.Log.Info("logged in", "where", plan.Where)
	}
	w.Troubles.Over("cloud")
	return plan, nil
}

// trouble notes that the platform does not answer. The next try logs in again, perhaps with other credentials.
func (w *work) trouble(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		w.Troubles.Say("cloud", err)
		w.Close(ctx)
	}
	return err
}

// announce says to log, Events and metrics what plan shows.
func (w *work) announce(q *question, plan *platform.Plan) {
	out := map[string]error{}
	for router, b := range blockages(plan.Permissions) {
		r := q.routers[router]
		text := b.text(r, w.Options)
		out[router] = fmt.Errorf("%s: %s", router, text)
		if w.Troubles.Say("router "+router, out[router]) {
			w.Recorder.Tell(r, b.newNode(w.announced[router]), corev1.EventTypeWarning, b.reason(), action, text)
			w.announced[router] = b.nodes()
		}
	}
	for router, r := range q.routers {
		if out[router] == nil && w.Troubles.Over("router "+router) {
			w.Recorder.Tell(r, "", corev1.EventTypeNormal, reasonAllows, action, w.Title+" lets its frames through on every node that it can come to be on")
		}
	}
	w.Troubles.Keep(q.routers, out)
	maps.DeleteFunc(w.announced, func(router string, _ []string) bool { return out[router] == nil })
	w.Metrics.Routers.Set(float64(len(q.routers)))
	w.Metrics.OutOfStep.Set(float64(len(out)))
	w.count(plan.Findings)
}

// count serves how many findings there are that say of something that it is wrong; those of before that are gone are
// served no more.
func (w *work) count(findings []finding.Finding) {
	now := map[label]int{}
	for _, f := range findings {
		if f.Level != finding.Info {
			now[label{f.Code, f.Level}]++
		}
	}
	for l, n := range now {
		w.findings.WithLabelValues(string(l.code), string(l.level)).Set(float64(n))
	}
	for l := range w.counted {
		if now[l] == 0 {
			w.findings.DeleteLabelValues(string(l.code), string(l.level))
		}
	}
	w.counted = now
}
