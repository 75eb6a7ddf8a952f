package check

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// twoHolders is EGR214: a pod of r has the reserved address, and so has another pod. Pods of routers that ask
// for one address are EGR114's.
func twoHolders(c *state, r snapshot.Router) []finding.Finding {
	ip := egress.ReservedIP(&r.EgressRouter)
	if !ip.IsValid() {
		return nil
	}
	own := c.AllPodsOf(r)
	var holders []snapshot.Pod
	mine := false
	for _, pod := range c.byIP[ip] {
		if !c.holds(pod) {
			continue
		}
		isOwn := slices.ContainsFunc(own, func(p snapshot.Pod) bool { return p.Namespace == pod.Namespace && p.Name == pod.Name })
		if !isOwn && c.asksFor(pod, ip.String()) {
			continue
		}
		mine = mine || isOwn
		holders = append(holders, pod)
	}
	if !mine || len(holders) < 2 {
		return nil
	}
	var words []string
	for _, pod := range holders {
		words = append(words, c.placed(pod))
	}
	cause, fix := c.surge(r, holders)
	return one(r, finding.TwoHolders,
		sprintf("address %s is on %s of %d pods: %s", ip, egress.Interface, len(holders), strings.Join(words, ", ")),
		"the gateway knows one MAC for the address, that of the pod which spoke last: the replies of the other's connections go to the wrong pod; "+cause, fix)
}

// holds reports whether pod is at work: it stays, or it is on its way out on a node that does not answer, where
// nobody has stopped it.
func (c *state) holds(pod snapshot.Pod) bool {
	return !ended(pod) && (!pod.Deleting || c.lost(pod))
}

// lost reports whether pod is on a node that is not Ready.
func (c *state) lost(pod snapshot.Pod) bool {
	node := c.NodeOf(pod.Node)
	return node != nil && !node.Ready
}

// asksFor reports whether pod belongs to a router whose spec has the address.
func (c *state) asksFor(pod snapshot.Pod, ip string) bool {
	return slices.ContainsFunc(c.Routers, func(r snapshot.Router) bool {
		return r.Namespace == pod.Namespace && egress.ReservedIP(&r.EgressRouter).String() == ip &&
			labels.SelectorFromSet(r.Provisioner.PodLabels(r.Name)).Matches(labels.Set(pod.Labels))
	})
}

// placed names pod and where it is, with what is odd about it.
func (c *state) placed(pod snapshot.Pod) string {
	words := sprintf("%s/%s on node %s", pod.Namespace, pod.Name, pod.Node)
	if c.lost(pod) {
		words += ", which is not Ready"
	}
	return words
}

// surge says why there are two, as far as that can be seen, and what to do.
func (c *state) surge(r snapshot.Router, holders []snapshot.Pod) (cause, fix string) {
	for _, pod := range holders {
		if c.lost(pod) {
			return sprintf("node %s does not answer, and the pod there may still be alive", pod.Node),
				sprintf("switch the machine of node %s off, and only then: %s taint nodes %s node.kubernetes.io/out-of-service=nodeshutdown:NoExecute", pod.Node, c.cli(), pod.Node)
		}
	}
	for _, pod := range holders {
		if !slices.ContainsFunc(c.AllPodsOf(r), func(p snapshot.Pod) bool { return p.Namespace == pod.Namespace && p.Name == pod.Name }) {
			return sprintf("pod %s/%s belongs to another router and still has an address that it had before", pod.Namespace, pod.Name),
				sprintf("%s delete pod %s -n %s", c.cli(), pod.Name, pod.Namespace)
		}
	}
	oldest := slices.MinFunc(holders, func(a, b snapshot.Pod) int { return a.Created.Compare(b.Created) })
	remove := sprintf("%s delete pod %s -n %s", c.cli(), oldest.Name, oldest.Namespace)
	d := c.DeploymentOf(r)
	switch {
	case d == nil:
		return "the router has no Deployment, so the pods were made by hand", remove
	case d.Strategy == "RollingUpdate":
		return sprintf("the strategy of Deployment %s is RollingUpdate, which starts the new pod before the old one ends", d.Name),
			sprintf(`%s patch deployment %s -n %s --type=merge -p '{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}'; %s`, c.cli(), d.Name, r.Namespace, remove)
	case d.Replicas > 1:
		return sprintf("Deployment %s has %d replicas", d.Name, d.Replicas),
			sprintf("%s scale deployment %s -n %s --replicas=1", c.cli(), d.Name, r.Namespace)
	}
	return "both belong to the router", remove
}
