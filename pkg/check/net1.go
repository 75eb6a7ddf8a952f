package check

import (
	"net/netip"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// noNet1 is EGR212, on each ready pod. Without Multus (EGR201) no pod has a net1, and where routers share a
// namespace (EGR113) the pod is each one's in turn.
func noNet1(c *state, r snapshot.Router) []finding.Finding {
	reserved := egress.ReservedIP(&r.EgressRouter)
	if !reserved.IsValid() || c.shares(r) || !c.Serves(nadsResource) {
		return nil
	}
	var out []finding.Finding
	for _, pod := range c.PodsOf(r) {
		if !pod.Ready || ended(pod) {
			continue
		}
		if message, why, fix, commands := c.netProblem(r, pod, reserved); message != "" {
			out = append(out, about(r, finding.NoNet1, message, why, fix, commands...))
		}
	}
	return out
}

// netProblem says what keeps a ready pod from having the reserved address on net1, or "".
func (c *state) netProblem(r snapshot.Router, pod snapshot.Pod, reserved netip.Addr) (message, why, fix string, commands []string) {
	switch {
	case pod.StatusError != "":
		return sprintf("the network-status of pod %s cannot be read: %s", pod.Name, pod.StatusError),
			"Multus writes this annotation, and nobody else says what address the pod has: whether the router works is unknown",
			"restart the pod: Multus writes it again", []string{c.restart(r)}
	case pod.IP == "":
		why, fix, commands := c.notAttached(r, pod)
		return sprintf("pod %s on node %s runs without %s", pod.Name, pod.Node, egress.Interface), why, fix, commands
	case ipOf(pod) != reserved:
		return sprintf("pod %s has %s on %s, and the reserved address is %s", pod.Name, pod.IP, egress.Interface, reserved),
			"what the router sends leaves with another address than the partner expects; the pod started before the NAD had the address, or another NAD answers to the name",
			sprintf("see that NAD %s has the address %s, then restart the pod", r.Provisioner.NADName(r.Name), reserved), []string{
				c.Caller.Kubectl(r.Namespace, "get", "network-attachment-definition", r.Provisioner.NADName(r.Name), "-o", "yaml"), c.restart(r)}
	}
	return "", "", "", nil
}

// notAttached says why a pod may run without net1, and what to do.
func (c *state) notAttached(r snapshot.Router, pod snapshot.Pod) (why, fix string, commands []string) {
	nad := r.Provisioner.NADName(r.Name)
	if d := c.DeploymentOf(r); d != nil && !asksMultus(d.Networks, r.Namespace, nad) {
		return sprintf("the pod template of Deployment %s does not ask Multus for NAD %s: its annotation %s is %q, so the pod has no reserved address",
				d.Name, nad, egress.AnnotationNetworks, d.Networks),
			"put the annotation back: " + again(r), []string{c.Caller.Kubectl(r.Namespace, "describe", "deployment", d.Name)}
	}
	return "the pod asks for the network and Multus has not attached it: Multus does not run on that node, or did not yet when the pod started",
		sprintf("see that Multus runs on node %s, then restart the pod", pod.Node),
		[]string{c.Caller.Kubectl("", "get", "pods", "-A", "-o", "wide", "--field-selector", "spec.nodeName="+pod.Node), c.restart(r)}
}

// asksMultus reports whether an annotation asks Multus for the NAD, in either of its notations.
func asksMultus(networks, namespace, nad string) bool {
	all := words(networks)
	return slices.Contains(all, nad) || slices.Contains(all, namespace+"/"+nad)
}

// again is how whoever provisions r is made to write its objects again.
func again(r snapshot.Router) string {
	if r.Provisioner == egress.Standalone {
		return "run create again with the flags that the router was made with"
	}
	return "the operator does so within five minutes"
}

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
	cause, fix, commands := c.surge(r, holders)
	return one(r, finding.TwoHolders,
		sprintf("address %s is on %s of %d pods: %s", ip, egress.Interface, len(holders), strings.Join(words, ", ")),
		"the gateway knows one MAC for the address, that of the pod which spoke last: the replies of the other's connections go to the wrong pod; "+cause, fix, commands...)
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
func (c *state) surge(r snapshot.Router, holders []snapshot.Pod) (cause, fix string, commands []string) {
	for _, pod := range holders {
		if c.lost(pod) {
			return sprintf("node %s does not answer, and the pod there may still be alive", pod.Node),
				sprintf("switch the machine of node %s off, and only then tell the cluster", pod.Node),
				[]string{c.Caller.Kubectl("", "taint", "nodes", pod.Node, "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute")}
		}
	}
	for _, pod := range holders {
		if !slices.ContainsFunc(c.AllPodsOf(r), func(p snapshot.Pod) bool { return p.Namespace == pod.Namespace && p.Name == pod.Name }) {
			return sprintf("pod %s/%s belongs to another router and still has an address that it had before", pod.Namespace, pod.Name),
				"delete that pod", []string{c.Caller.Kubectl(pod.Namespace, "delete", "pod", pod.Name)}
		}
	}
	d := c.DeploymentOf(r)
	extra := slices.MinFunc(holders, func(a, b snapshot.Pod) int { return a.Created.Compare(b.Created) })
	byHand := slices.IndexFunc(holders, func(p snapshot.Pod) bool { return !madeBy(d, p) })
	if d != nil && byHand >= 0 {
		extra = holders[byHand]
	}
	remove := []string{c.Caller.Kubectl(extra.Namespace, "delete", "pod", extra.Name)}
	switch {
	case d == nil:
		return "the router has no Deployment, so the pods were made by hand", "delete the older one", remove
	case d.Replicas > 1:
		return sprintf("Deployment %s has %d replicas", d.Name, d.Replicas),
			"scale it to 1", []string{c.Caller.Kubectl(r.Namespace, "scale", "deployment", d.Name, "--replicas=1")}
	case byHand >= 0:
		return sprintf("pod %s is not of Deployment %s, which has one of its own", extra.Name, d.Name), "delete that pod", remove
	case d.Strategy == "RollingUpdate":
		return sprintf("the strategy of Deployment %s is RollingUpdate, which starts the new pod before the old one ends", d.Name),
			"set it to Recreate, which ends the older pod first", []string{
				c.Caller.Kubectl(r.Namespace, "patch", "deployment", d.Name, "--type=merge", "-p", `{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}`)}
	}
	return "both belong to the router", "delete the older one", remove
}

// madeBy reports whether d made pod, by its name, and would make it again.
func madeBy(d *snapshot.Deployment, pod snapshot.Pod) bool {
	return d != nil && strings.HasPrefix(pod.Name, d.Name+"-")
}
