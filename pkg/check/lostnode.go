package check

import (
	"cmp"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// onLostNode is EGR210 for a pod whose node is not Ready: until when it stays bound to that.
func (c *state) onLostNode(r snapshot.Router, pod snapshot.Pod, node *snapshot.Node) []finding.Finding {
	return one(r, finding.PodHangs,
		sprintf("pod %s is on node %s, which is not Ready: %s", pod.Name, pod.Node, c.replacement(c.DeploymentOf(r), node)),
		sprintf("node %s does not answer (%s): the pod there cannot be reached, and it stays bound to the node until its tolerations have run out, which create sets with --failover-after", pod.Node, cmp.Or(node.NotReady, "no reason is given")),
		sprintf("bring node %s back, or switch it off and delete the pod: %s delete pod %s -n %s", pod.Node, c.cli(), pod.Name, pod.Namespace))
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
