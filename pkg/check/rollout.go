package check

import (
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Freshness says whether a pod runs the rules that its NAD holds, which the plugin reads only as a pod starts.
type Freshness int

// The answers. Only what is surely outdated is ever restarted unasked.
const (
	// Current pods started with these rules.
	Current Freshness = iota
	// Doubtful pods started before the rules last changed, as far as times tell, and nothing says whether those had
	// reached the NAD.
	Doubtful
	// Outdated pods started with other rules.
	Outdated
)

// freshness is that of the pod of r that is furthest behind. Where EGR211 speaks, there is nothing to compare with.
func (c *state) freshness(r snapshot.Router) Freshness {
	worst := Current
	nad := c.comparedNAD(r)
	if nad == nil {
		return worst
	}
	for _, pod := range c.PodsOf(r) {
		worst = max(worst, c.freshnessOf(r, pod, nad))
	}
	return worst
}

// freshnessOf compares the hash of the content that pod is stamped with, and not the times at which objects were written:
// an upgrade of OpenShift writes annotations on all of them. Nobody but people writes a standalone router's NAD.
func (c *state) freshnessOf(r snapshot.Router, pod snapshot.Pod, nad *snapshot.NAD) Freshness {
	hash := render.Stamp(nad.Config, r.Provisioner)
	switch {
	case nad.Generation > 1 && pod.Created.After(nad.Changed):
		return Current // whatever was written to it since, its content was not
	case pod.NADHash != "" && pod.NADHash != hash:
		return Outdated
	case pod.NADHash != "" && r.Provisioner == egress.Standalone && nad.Generation > 1 && pod.Created.Before(nad.Changed):
		return Doubtful // its template asks for these rules, but another NAD may have lain there as it started
	case pod.NADHash != "", c.restarting(r, hash), nad.Generation <= 1 && !pod.Created.Before(nad.Created):
		return Current
	case r.Annotations[egress.AnnotationRules] == hash:
		return Outdated // this tool has changed the rules, and was interrupted before the restart
	case !r.Changed.IsZero() && pod.Created.After(r.Changed):
		return Current // what was written since is not the router's rules
	}
	return Doubtful
}

// restarting reports whether r's Deployment notes the NAD already, so that its pod is about to be replaced.
func (c *state) restarting(r snapshot.Router, hash string) bool {
	d := c.DeploymentOf(r)
	return d != nil && d.NADHash == hash
}

// oldRules is EGR216. It is silent where EGR211 speaks.
func oldRules(c *state, r snapshot.Router) []finding.Finding {
	nad := c.comparedNAD(r)
	if nad == nil {
		return nil
	}
	var out []finding.Finding
	for _, pod := range c.PodsOf(r) {
		if !pod.Ready {
			continue
		}
		message, why := "", "the CNI plugin reads the NAD only as a pod starts, and a change of rules restarts nothing: the pod redirects by the older ones"
		switch c.freshnessOf(r, pod, nad) {
		case Current:
			continue
		case Outdated:
			message = sprintf("pod %s started with other rules than NAD %s holds now", pod.Name, nad.Name)
		case Doubtful:
			message = sprintf("pod %s started %s, and its rules were written since or just then (%s)", pod.Name, stamp(pod.Created), stamp(changedAt(r, nad)))
			why = "the CNI plugin reads the NAD only as a pod starts: whether the pod redirects by the rules of now cannot be told"
		}
		out = append(out, about(r, finding.OldRules, message,
			why,
			"restart the pod", c.restart(r)))
	}
	return out
}

// comparedNAD is the NAD that r's pods can be compared with; nil where there is none, or EGR211 speaks.
func (c *state) comparedNAD(r snapshot.Router) *snapshot.NAD {
	nad := c.NADOf(r)
	if nad == nil || c.shares(r) || !servesThis(nad, r) {
		return nil
	}
	return nad
}

// servesThis reports whether nad is r's and says what r asks for.
func servesThis(nad *snapshot.NAD, r snapshot.Router) bool {
	return (nad.Router == "" || nad.Router == r.Name) && difference(r, nad) == ""
}

// changedAt is when r's rules last changed, as far as that is known.
func changedAt(r snapshot.Router, nad *snapshot.NAD) time.Time {
	if r.Changed.IsZero() {
		return nad.Changed
	}
	return r.Changed
}

// restart is the command that has r's pod start again.
func (c *state) restart(r snapshot.Router) string {
	return c.Caller.Kubectl(r.Namespace, "rollout", "restart", "deployment/"+r.Provisioner.DeploymentName(r.Name))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
