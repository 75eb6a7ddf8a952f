package check

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// onLostNode is EGR210 for a pod whose node is not Ready: until when it stays bound to that.
func (c *state) onLostNode(r snapshot.Router, pod snapshot.Pod, node *snapshot.Node) []finding.Finding {
	return one(r, finding.PodHangs,
		sprintf("pod %s is on node %s, which is not Ready: %s", pod.Name, pod.Node, c.replacement(c.DeploymentOf(r), node)),
		sprintf("node %s does not answer (%s): the pod there cannot be reached, and it stays bound to the node until its tolerations have run out, which create sets with --failover-after", pod.Node, orNothing(node.NotReady)),
		sprintf("bring node %s back, or switch it off and delete the pod: %s delete pod %s -n %s", pod.Node, c.cli(), pod.Name, pod.Namespace))
}

// replacement says when a new pod is made in place of one of d's on a lost node.
func (c *state) replacement(d *snapshot.Deployment, node *snapshot.Node) string {
	var tolerations []corev1.Toleration
	if d != nil {
		tolerations = d.Template.Tolerations
	}
	taint, since := lostTaint(node)
	after, ends := tolerated(tolerations, taint)
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

// tolerated is how long tolerations keep a pod on a node with the taint, by the shortest of those that match;
// ends is false where none of them has an end. Without one the server adds its own, of five minutes.
func tolerated(tolerations []corev1.Toleration, taint corev1.Taint) (after time.Duration, ends bool) {
	matches := false
	for _, t := range tolerations {
		if !t.ToleratesTaint(klog.Logger{}, &taint, false) {
			continue
		}
		matches = true
		if t.TolerationSeconds == nil {
			continue
		}
		if d := time.Duration(max(*t.TolerationSeconds, 0)) * time.Second; !ends || d < after {
			after, ends = d, true
		}
	}
	if !matches {
		return 5 * time.Minute, true
	}
	return after, ends
}
