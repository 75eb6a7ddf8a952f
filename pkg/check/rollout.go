package check

import (
	"strings"
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

// freshnessOf tells it by evidence alone: the content of the NAD that pod's template was stamped with, how often that
// content was changed since, and what is known of when. Times alone would not do: an upgrade of OpenShift writes
// annotations on all objects, and with those the time of the last write moves.
func (c *state) freshnessOf(r snapshot.Router, pod snapshot.Pod, nad *snapshot.NAD) Freshness {
	now := render.StampOf(nad.Config, nad.UID, nad.Generation)
	switch {
	case startedWith(pod, nad), c.restarting(r, pod, now):
		return Current
	case r.Provisioner == egress.Standalone:
		return standaloneFreshness(pod, nad, now)
	}
	stamped, ok := render.ParseStamp(pod.NADHash)
	switch {
	case ok && stamped == now:
		return Current
	case ok && stamped.Rules == now.Rules:
		return sameRules(stamped, now, nad)
	case !pod.Created.After(changed(r, nad)) && (ok || r.Annotations[egress.AnnotationRules] == now.Rules):
		return Outdated // in the second case this tool has changed the rules, and was interrupted before the restart
	}
	return unstamped(r, pod, nad, now)
}

// startedWith reports whether nad was as it is now already when pod was made.
func startedWith(pod snapshot.Pod, nad *snapshot.NAD) bool {
	if nad.Generation <= 1 {
		return !pod.Created.Before(nad.Created) // made within the second, the pod waits for it
	}
	return !nad.Changed.IsZero() && pod.Created.After(nad.Changed)
}

// restarting reports whether r's Deployment notes the NAD already, and pod does not, so that it is about to be replaced.
func (c *state) restarting(r snapshot.Router, pod snapshot.Pod, now render.Stamp) bool {
	d := c.DeploymentOf(r)
	return d != nil && d.NADHash == now.For(r.Provisioner) && pod.NADHash != d.NADHash
}

// standaloneFreshness is that of a pod whose template notes the NAD's text alone, which is rendered before there is a
// NAD. Interface and MAC count too, so that this is the whole text.
func standaloneFreshness(pod snapshot.Pod, nad *snapshot.NAD, now render.Stamp) Freshness {
	switch {
	case pod.NADHash == now.Text && !nad.Changed.IsZero() && !pod.Created.Before(nad.Changed):
		return Current // create writes both within a second
	case pod.NADHash == now.Text, !render.IsHash(pod.NADHash):
		return Doubtful // the NAD was put back, or recreated: what it said when the pod started is not known
	}
	return Outdated
}

// sameRules is the freshness of a pod whose template was stamped when the NAD had the rules of now, in another state.
func sameRules(stamped, now render.Stamp, nad *snapshot.NAD) Freshness {
	if stamped.UID != now.UID || stamped.Text == now.Text {
		return Doubtful // recreated, or changed and put back
	}
	if changes := now.Generation - stamped.Generation; changes == 1 || changes > 1 && strings.HasPrefix(nad.Writer, operatorManager) {
		return Current // another release of the operator writes the same in other words
	}
	return Doubtful
}

// operatorManager begins the names of the field managers of the Cluster Network Operator.
const operatorManager = "cluster-network-operator"

// followsWithin is how long the NAD may take at most to follow its router.
const followsWithin = 2 * time.Minute

// unstamped is the freshness of a pod of which no stamp tells. Where the router's rules were not changed since, what was
// written to the NAD was the operator's doing, unless it was written more often than that explains: once for each change
// of the router, and once by another release of the operator. To change it and to put it back takes two.
func unstamped(r snapshot.Router, pod snapshot.Pod, nad *snapshot.NAD, now render.Stamp) Freshness {
	switch {
	case r.Changed.IsZero(), !pod.Created.After(r.Changed):
		return Doubtful
	case r.Annotations[egress.AnnotationRules] == now.Rules && pod.Created.Before(r.Changed.Add(followsWithin)):
		return Doubtful // this tool has changed the rules and not restarted the pod: the NAD may have followed later
	case pod.Created.Before(nad.Created), nad.Changed.IsZero():
		return Doubtful
	case nad.Generation > r.Generation+1 && pod.Created.Before(nad.Changed):
		return Doubtful
	}
	return Current
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
			message = sprintf("pod %s started %s, and %s", pod.Name, stamp(pod.Created), writtenSince(r, pod, nad))
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

// changed is when r's rules last changed, as far as that is known.
func changed(r snapshot.Router, nad *snapshot.NAD) time.Time {
	if r.Changed.IsZero() {
		return nad.Changed
	}
	return r.Changed
}

// restart is the command that has r's pod start again.
func (c *state) restart(r snapshot.Router) string {
	return c.Caller.Kubectl(r.Namespace, "rollout", "restart", "deployment/"+r.Provisioner.DeploymentName(r.Name))
}

// writtenSince says what was written since pod started.
func writtenSince(r snapshot.Router, pod snapshot.Pod, nad *snapshot.NAD) string {
	what, at := "its rules were written", changed(r, nad)
	if pod.Created.After(at) {
		what, at = sprintf("NAD %s was written", nad.Name), nad.Changed
	}
	if at.IsZero() {
		return what + " since, nobody knows when"
	}
	return sprintf("%s since or just then (%s)", what, stamp(at))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
