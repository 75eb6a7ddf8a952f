package check

import (
	"net/netip"
	"slices"

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
		if message, why, fix := c.netProblem(r, pod, reserved); message != "" {
			out = append(out, about(r, finding.NoNet1, message, why, fix))
		}
	}
	return out
}

// netProblem says what keeps a ready pod from having the reserved address on net1, or "".
func (c *state) netProblem(r snapshot.Router, pod snapshot.Pod, reserved netip.Addr) (message, why, fix string) {
	restart := sprintf("%s rollout restart deployment/%s -n %s", c.cli(), r.Provisioner.DeploymentName(r.Name), r.Namespace)
	switch {
	case pod.StatusError != "":
		return sprintf("the network-status of pod %s cannot be read: %s", pod.Name, pod.StatusError),
			"Multus writes this annotation, and nobody else says what address the pod has: whether the router works is unknown",
			restart + " makes Multus write it anew"
	case pod.IP == "":
		why, fix = c.notAttached(r, pod)
		return sprintf("pod %s on node %s runs without %s", pod.Name, pod.Node, egress.Interface), why, fix + restart
	case ipOf(pod) != reserved:
		return sprintf("pod %s has %s on %s, and the reserved address is %s", pod.Name, pod.IP, egress.Interface, reserved),
			"what the router sends leaves with another address than the partner expects; the pod started before the NAD had the address, or another NAD answers to the name",
			sprintf("see that NAD %s has the address %s, then %s", r.Provisioner.NADName(r.Name), reserved, restart)
	}
	return "", "", ""
}

// notAttached says why a pod may run without net1, and how a fix begins.
func (c *state) notAttached(r snapshot.Router, pod snapshot.Pod) (why, fix string) {
	nad := r.Provisioner.NADName(r.Name)
	if d := c.DeploymentOf(r); d != nil && !asksMultus(d.Networks, r.Namespace, nad) {
		return sprintf("the pod template of Deployment %s does not ask Multus for NAD %s: its annotation %s is %q, so the pod has no reserved address",
				d.Name, nad, egress.AnnotationNetworks, d.Networks),
			sprintf("put the annotation back: %s; ", c.again(r))
	}
	return "the pod asks for the network and Multus has not attached it: Multus does not run on that node, or did not yet when the pod started",
		sprintf("see that Multus runs on node %s: %s get pods -A -o wide --field-selector spec.nodeName=%s; then ", pod.Node, c.cli(), pod.Node)
}

// asksMultus reports whether an annotation asks Multus for the NAD, in either of its notations.
func asksMultus(networks, namespace, nad string) bool {
	all := words(networks)
	return slices.Contains(all, nad) || slices.Contains(all, namespace+"/"+nad)
}

// again is how whoever provisions r is made to write its objects again.
func (c *state) again(r snapshot.Router) string {
	if r.Provisioner == egress.Standalone {
		return sprintf("run %s create %s -n %s again with the same flags", c.Command, r.Name, r.Namespace)
	}
	return "the operator does so within five minutes"
}
