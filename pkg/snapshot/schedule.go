package snapshot

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	schedule "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
)

// transient begins the keys of the taints that say how a node does, not what it is for.
const transient = "node.kubernetes.io/"

// NodesFor are the nodes that r's pod could be scheduled to: those that its selector and its tolerations
// allow, Ready or not. A cordoned node is none, unless the pod is there. Where r has no Deployment yet,
// nothing is asked of a node but that it takes any pod.
func (x *Index) NodesFor(r Router) []Node {
	pod := &corev1.Pod{}
	if d := x.DeploymentOf(r); d != nil {
		pod.Spec = d.Template
	}
	here := ""
	if p := x.PodOf(r); p != nil {
		here = p.Node
	}
	wanted := nodeaffinity.GetRequiredNodeAffinity(pod)
	var out []Node
	if here != "" && x.NodeOf(here) == nil {
		// Nodes may not be readable; that the pod is there still is.
		out = append(out, Node{Name: here})
	}
	return append(out, collect.Filter(x.Nodes, func(node Node) bool { return node.Name == here || takes(node, pod, wanted) })...)
}

// takes reports whether the scheduler could put pod on node once the node is well.
func takes(node Node, pod *corev1.Pod, wanted nodeaffinity.RequiredNodeAffinity) bool {
	if node.Unschedulable {
		return false
	}
	like := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node.Name, Labels: node.Labels}}
	// An affinity that cannot be read matches nothing, as with the scheduler.
	if ok, err := wanted.Match(like); err != nil || !ok {
		return false
	}
	_, refused := schedule.FindMatchingUntoleratedTaint(klog.Background(), node.Taints, pod.Spec.Tolerations, keeps, true)
	return !refused
}

// keeps reports whether a taint keeps pods away for good.
func keeps(t *corev1.Taint) bool {
	return t.Effect != corev1.TaintEffectPreferNoSchedule && !strings.HasPrefix(t.Key, transient)
}

// serverToleration is that of the tolerations that the server adds to a pod that has none of its own for a lost node.
const serverToleration = 5 * time.Minute

// Tolerated is how long d's pods stay bound to a lost node with taint: by the shortest of its tolerations that match,
// and by the server's where none does or there is no d. ends is false where none of those that match has an end; own
// tells that there are such.
func (d *Deployment) Tolerated(taint corev1.Taint) (after time.Duration, ends, own bool) {
	if d == nil {
		return serverToleration, true, false
	}
	for _, t := range d.Template.Tolerations {
		if !t.ToleratesTaint(klog.Logger{}, &taint, false) {
			continue
		}
		own = true
		if t.TolerationSeconds == nil {
			continue
		}
		if one := time.Duration(max(*t.TolerationSeconds, 0)) * time.Second; !ends || one < after {
			after, ends = one, true
		}
	}
	if !own {
		return serverToleration, true, false
	}
	return after, ends, true
}
