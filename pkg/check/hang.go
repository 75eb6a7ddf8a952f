package check

import (
	"cmp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// hangs is EGR210: what keeps the router's pod from running, whether its events say so or hide it.
func hangs(c *state, r snapshot.Router) []finding.Finding {
	if !c.knows(r, podsResource) || c.othersTurn(r) {
		return nil
	}
	if len(c.PodsOf(r)) == 0 {
		return c.noPod(r)
	}
	var out []finding.Finding
	for _, pod := range c.waiting(r) {
		out = append(out, c.hanging(r, pod)...)
	}
	return out
}

// othersTurn reports whether the pod in a namespace that routers share (EGR113) is another router's now.
func (c *state) othersTurn(r snapshot.Router) bool {
	nad := c.NADOf(r)
	return c.shares(r) && nad != nil && nad.Router != "" && nad.Router != r.Name
}

// hanging is EGR210 for one pod that is not ready.
func (c *state) hanging(r snapshot.Router, pod snapshot.Pod) []finding.Finding {
	if event := c.cniEvent(pod); event != nil {
		return c.cniFailed(r, pod, *event)
	}
	if node := c.NodeOf(pod.Node); node != nil && !node.Ready {
		return c.onLostNode(r, pod, node)
	}
	where := ""
	if pod.Node != "" {
		where = " on node " + pod.Node
	}
	message := sprintf("pod %s is not ready%s: %s", pod.Name, where, pod.State)
	if len(pod.Events) > 0 && !strings.Contains(pod.State, pod.Events[0].Message) {
		message += sprintf("; %s: %s", pod.Events[0].Reason, pod.Events[0].Message)
	}
	describe := c.Caller.Kubectl(pod.Namespace, "describe", "pod", pod.Name)
	if len(pod.Events) == 0 && starting(pod) {
		if c.young(pod.Created) {
			return at(finding.Info, one(r, finding.PodHangs, message,
				"it is less than a minute old, and no warning tells of a failure: it may still be starting", "look at the pod, or ask again in a minute", describe))
		}
		if !c.knows(r, eventsResource) {
			fix, command := c.logFix(r, pod)
			return one(r, finding.PodHangs, message,
				"its events, which would say why, may not be read; a pod that hangs like this has most often failed in the CNI plugin",
				fix, command)
		}
	}
	return one(r, finding.PodHangs, message, "the router serves nobody before its pod is ready; the cause is what the pod itself shows", "look at the pod", describe)
}

// starting reports whether pod's containers have not been made yet, as when its network is not there.
func starting(pod snapshot.Pod) bool {
	return slices.ContainsFunc([]string{"ContainerCreating", "PodInitializing", "Pending"}, func(state string) bool { return strings.HasPrefix(pod.State, state) })
}

// noPod is EGR210 where there is no pod at all. A NAD that is missing too explains it (EGR211), and a Deployment of
// another's (EGR222).
func (c *state) noPod(r snapshot.Router) []finding.Finding {
	if c.ForeignOf(r) != nil || !c.knows(r, deployments) || !c.Serves(nadsResource) || c.knows(r, nadsResource) && c.NADOf(r) == nil {
		return nil
	}
	name := r.Provisioner.DeploymentName(r.Name)
	d := c.DeploymentOf(r)
	describe := c.Caller.Kubectl(r.Namespace, "describe", "deployment", name)
	const why = "without a pod nobody owns the reserved address, and the router serves nobody"
	switch {
	case d == nil:
		return one(r, finding.PodHangs, sprintf("there is no Deployment %s", name), why,
			"make its provisioner write it again: "+again(r))
	case strings.Contains(d.Failure, "violates PodSecurity"):
		return nil // EGR208's
	case d.Failure != "":
		return one(r, finding.PodHangs, sprintf("Deployment %s cannot make its pod: %s", name, d.Failure), why, "look at the Deployment", describe)
	case d.Replicas == 0:
		return one(r, finding.PodHangs, sprintf("Deployment %s is scaled to 0", name), why,
			"scale it to 1", c.Caller.Kubectl(r.Namespace, "scale", "deployment", name, "--replicas=1"))
	}
	found := one(r, finding.PodHangs, sprintf("Deployment %s has not made its pod yet", name), why, "look at the Deployment", describe)
	if c.young(d.Created) || !d.Observed {
		return at(finding.Info, found)
	}
	return found
}

// onLostNode is EGR210 for a pod whose node is not Ready: until when it stays bound to that.
func (c *state) onLostNode(r snapshot.Router, pod snapshot.Pod, node *snapshot.Node) []finding.Finding {
	return one(r, finding.PodHangs,
		sprintf("pod %s is on node %s, which is not Ready: %s", pod.Name, pod.Node, c.replacement(c.DeploymentOf(r), node)),
		sprintf("node %s does not answer (%s): the pod there cannot be reached, and it stays bound to the node until its tolerations have run out, which create sets with --failover-after", pod.Node, cmp.Or(node.NotReady, "no reason is given")),
		sprintf("bring node %s back, or switch its machine off, and only then delete the pod", pod.Node),
		c.Caller.Kubectl(pod.Namespace, "delete", "pod", pod.Name, "--wait=false"))
}

// replacement says when a new pod is made in place of one of d's on a lost node.
func (c *state) replacement(d *snapshot.Deployment, node *snapshot.Node) string {
	taint, since := lostTaint(node)
	after, ends, _ := d.Tolerated(taint)
	if !ends {
		return "its tolerations have no end, so no new one is made"
	}
	if since.IsZero() {
		return sprintf("a new pod is made %s after the cluster gives the node up", after)
	}
	at := since.Add(after)
	if !c.Now.IsZero() && at.Before(c.Now) {
		return sprintf("a new pod was due at %s, %s after the node was given up", stamp(at), after)
	}
	return sprintf("a new pod is made at %s, %s after the node was given up", stamp(at), after)
}

// lostTaint is the taint that evicts pods from a lost node, and since when it is there; the zero time where
// it is not there yet.
func lostTaint(node *snapshot.Node) (corev1.Taint, time.Time) {
	for _, taint := range node.Taints {
		lost := taint.Key == corev1.TaintNodeNotReady || taint.Key == corev1.TaintNodeUnreachable
		if lost && taint.Effect == corev1.TaintEffectNoExecute && taint.TimeAdded != nil {
			return taint, taint.TimeAdded.Time
		}
	}
	return corev1.Taint{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoExecute}, time.Time{}
}
