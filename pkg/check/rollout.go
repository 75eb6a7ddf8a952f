package check

import (
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// oldRules is EGR216. It is silent where EGR211 speaks. The plugin reads the NAD only as a pod starts.
func oldRules(c *state, r snapshot.Router) []finding.Finding {
	nad := c.NADOf(r)
	if nad == nil || c.shares(r) || !servesThis(nad, r) {
		return nil
	}
	d := c.DeploymentOf(r)
	var out []finding.Finding
	for _, pod := range c.PodsOf(r) {
		if !pod.Ready || !outdated(pod, nad, d) {
			continue
		}
		message := sprintf("pod %s started %s, before NAD %s last changed (%s)", pod.Name, stamp(pod.Created), nad.Name, stamp(changedAt(nad)))
		if pod.NADHash != "" {
			message = sprintf("pod %s started with NAD %s as it was with hash %s, and now its hash is %s", pod.Name, nad.Name, pod.NADHash, render.Hash(nad.Config))
		}
		out = append(out, about(r, finding.OldRules, message,
			"the CNI plugin reads the NAD only as a pod starts, and a change of rules restarts nothing: the pod redirects by the older ones",
			sprintf("%s rollout restart deployment/%s -n %s", c.cli(), r.Provisioner.DeploymentName(r.Name), r.Namespace)))
	}
	return out
}

// servesThis reports whether nad is r's and says what r asks for.
func servesThis(nad *snapshot.NAD, r snapshot.Router) bool {
	return (nad.Router == "" || nad.Router == r.Name) && difference(r, nad) == ""
}

// changedAt is when nad's content last changed.
func changedAt(nad *snapshot.NAD) time.Time {
	if nad.Generation <= 1 || nad.Changed.IsZero() {
		return nad.Created
	}
	return nad.Changed
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// outdated reports whether pod started with another NAD than that. A hash that the pod carries tells for
// certain; else the times do, unless the Deployment already notes this NAD.
func outdated(pod snapshot.Pod, nad *snapshot.NAD, d *snapshot.Deployment) bool {
	hash := render.Hash(nad.Config)
	if pod.NADHash != "" {
		return pod.NADHash != hash
	}
	if d != nil && d.NADHash == hash {
		return false
	}
	changed := changedAt(nad)
	// Times count in seconds. Within one, only a NAD that was never changed is surely older.
	return pod.Created.Before(changed) || pod.Created.Equal(changed) && nad.Generation > 1
}
