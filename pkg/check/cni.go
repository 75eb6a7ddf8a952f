package check

import (
	"cmp"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// maskedError is all that a failed start of the egress-router plugin leaves in an event.
const maskedError = "unexpected end of JSON input"

// cniFault is a way in which a pod's network fails, what its event says then, and what that means. In means
// and fix, {router}, {namespace}, {nad} and {node} stand for the pod's, {egress} for this tool's command, and
// {kubectl} for kubectl or oc; {labels} select the router's pods.
type cniFault struct{ event, means, why, fix string }

// cniFaults are the failures that say what they are, if one knows how to read them.
func cniFaults() []cniFault {
	return []cniFault{
		{"address already in use", "another interface of node {node} has its MAC already",
			"two pods with one fixed MAC cannot be on one node, so a roll-out that starts the new pod before the old one has ended waits for ever",
			"let the old pod go first: {kubectl} get pods -n {namespace} -l {labels} -o wide shows both; delete the older one, and set the Deployment's strategy to Recreate"},
		{"cannot find a network-attachment-definition", "Multus does not find NAD {nad}",
			"the pod asks for a network that is not there",
			"{kubectl} get network-attachment-definitions -n {namespace} shows what is there; a standalone router's is written by {egress} create {router} -n {namespace}, the operator's by the operator"},
		{"incompatible CNI versions", "the CNI plugin refuses the cniVersion of NAD {nad}",
			"the egress-router plugin knows versions up to 0.4.0",
			"write \"cniVersion\":\"0.4.0\" in spec.config of the NAD: {kubectl} edit network-attachment-definition {nad} -n {namespace}"},
		{"index out of range", "the CNI plugin panics, because ip in NAD {nad} has no address",
			"the egress-router plugin reads the first address without looking whether there is one",
			"give the NAD its addresses again: {kubectl} get network-attachment-definition {nad} -n {namespace} -o yaml shows them"},
		{"failed to unmarshal Spec.Config", "spec.config of NAD {nad} is no JSON",
			"Multus cannot read the network, so no pod with it starts",
			"mend it: {kubectl} edit network-attachment-definition {nad} -n {namespace}"},
		{"failed to find plugin", "a CNI plugin is not installed on node {node}",
			"the NAD names a plugin whose program is not among those of the node (/opt/cni/bin, or /var/lib/cni/bin on OpenShift)",
			"install the plugin on every node, or keep the router to those that have it with --node-selector"},
	}
}

// cniEvent is the newest of pod's warnings that tells of a failed network, or nil. Once the pod has a
// network, what hinders it is something else.
func (c *state) cniEvent(pod snapshot.Pod) *snapshot.Event {
	if !starting(pod) {
		return nil
	}
	for i, event := range pod.Events {
		if strings.Contains(event.Message, maskedError) || faultOf(event) != nil {
			return &pod.Events[i]
		}
	}
	return nil
}

func faultOf(event snapshot.Event) *cniFault {
	for _, fault := range cniFaults() {
		if strings.Contains(event.Message, fault.event) {
			return &fault
		}
	}
	return nil
}

// cniFailed is EGR210 for a pod whose network failed.
func (c *state) cniFailed(r snapshot.Router, pod snapshot.Pod, event snapshot.Event) []finding.Finding {
	if fault := faultOf(event); fault != nil {
		nad := r.Provisioner.NADName(r.Name)
		fill := strings.NewReplacer("{router}", r.Name, "{namespace}", r.Namespace, "{egress}", c.Command, "{kubectl}", c.cli(), "{nad}", nad, "{node}", pod.Node,
			"{labels}", labels.FormatLabels(r.Provisioner.PodLabels(r.Name)))
		return one(r, finding.PodHangs,
			sprintf("pod %s cannot start: %s (%s)", pod.Name, fill.Replace(fault.means), fault.event), fault.why, fill.Replace(fault.fix))
	}
	causes := causesOf(r, c.NADOf(r), pod.Node)
	var ranked []string
	for i, cause := range causes {
		ranked = append(ranked, sprintf("%d. %s", i+1, cause))
	}
	times := ""
	if event.Count > 1 {
		times = sprintf(", %d times", event.Count)
	}
	return one(r, finding.PodHangs,
		sprintf("pod %s cannot start on node %s: the CNI plugin fails and hides why (%q%s)", pod.Name, pod.Node, maskedError, times),
		"the egress-router plugin writes its errors only to a log on the node; the likely causes, most likely first: "+strings.Join(ranked, "; "),
		c.logFix(r, pod))
}

// logFix is how to read the plugin's log on pod's node.
func (c *state) logFix(r snapshot.Router, pod snapshot.Pod) string {
	node := pod.Node
	if node == "" {
		return sprintf("%s describe pod %s -n %s", c.cli(), pod.Name, pod.Namespace)
	}
	file, first := defaultLog, ""
	if nad := c.NADOf(r); nad != nil {
		if conf, err := readConfig(nad.Config); err == nil {
			if file = cmp.Or(conf.LogFile, defaultLog); conf.LogFile == "" {
				first = sprintf("NAD %s sets no log_file, so nothing is written: add \"log_file\":%q to its egress-router plugin, and when the pod has failed again ", nad.Name, defaultLog)
			}
		}
	}
	read := sprintf("kubectl debug node/%s -it --image=busybox -- cat %s", node, shellescape.Quote("/host"+file))
	if c.cli() == "oc" {
		read = sprintf("oc debug node/%s -- chroot /host cat %s", node, shellescape.Quote(file))
	}
	return first + "read the log on the node: " + read
}
