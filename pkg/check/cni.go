package check

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// maskedError is all that a failed start of the egress-router plugin leaves in an event.
const maskedError = "unexpected end of JSON input"

// cniFault is a way in which a pod's network fails, what its event says then, and what that means. In all
// but the event, {nad} and {node} stand for the pod's, and {labels} select the router's pods.
type cniFault struct {
	event, means, why, fix string
	// kubectl is a command, or nothing.
	kubectl []string
}

// cniFaults are the failures that say what they are, if one knows how to read them.
func cniFaults() []cniFault {
	return []cniFault{
		{"address already in use", "another interface of node {node} has its MAC already",
			"two pods with one fixed MAC cannot be on one node, so a roll-out that starts the new pod before the old one has ended waits for ever",
			"let the old pod go first: delete the older one of the two, and set the Deployment's strategy to Recreate",
			[]string{"get", "pods", "-l", "{labels}", "-o", "wide"}},
		{"cannot find a network-attachment-definition", "Multus does not find NAD {nad}",
			"the pod asks for a network that is not there",
			"see which are there; a standalone router's is written by create, the operator's by the operator",
			[]string{"get", "network-attachment-definitions"}},
		{"incompatible CNI versions", "the CNI plugin refuses the cniVersion of NAD {nad}",
			"the egress-router plugin knows versions up to 0.4.0",
			"write \"cniVersion\":\"0.4.0\" in spec.config of the NAD",
			[]string{"edit", "network-attachment-definition", "{nad}"}},
		{"index out of range", "the CNI plugin panics, because ip in NAD {nad} has no address",
			"the egress-router plugin reads the first address without looking whether there is one",
			"give the NAD its address again",
			[]string{"edit", "network-attachment-definition", "{nad}"}},
		{"failed to unmarshal Spec.Config", "spec.config of NAD {nad} is no JSON",
			"Multus cannot read the network, so no pod with it starts",
			"correct it",
			[]string{"edit", "network-attachment-definition", "{nad}"}},
		{"Only the following sysctls are allowed", "the tuning plugin on node {node} may not set what NAD {nad} asks for",
			"a list on the node (/etc/cni/tuning/allowlist.conf) names the sysctls that NADs may set, as on OpenShift, and one of the NAD's is not among them: the event says which",
			"add it to that list on every node, or take it out of the NAD",
			[]string{"edit", "network-attachment-definition", "{nad}"}},
		{"failed to find plugin", "a CNI plugin is not installed on node {node}",
			"the NAD names a plugin whose program is not among those of the node (/opt/cni/bin, or /var/lib/cni/bin on OpenShift)",
			"install the plugin on every node, or keep the router to those that have it with --node-selector", nil},
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
		fill := strings.NewReplacer("{nad}", nad, "{node}", pod.Node, "{labels}", labels.FormatLabels(r.Provisioner.PodLabels(r.Name)))
		command := ""
		if len(fault.kubectl) > 0 {
			words := slices.Clone(fault.kubectl)
			for i := range words {
				words[i] = fill.Replace(words[i])
			}
			command = c.Caller.Kubectl(r.Namespace, words...)
		}
		return one(r, finding.PodHangs,
			sprintf("pod %s cannot start: %s (%s)", pod.Name, fill.Replace(fault.means), fault.event), fault.why, fill.Replace(fault.fix), command)
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
	fix, command := c.logFix(r, pod)
	return one(r, finding.PodHangs,
		sprintf("pod %s cannot start on node %s: the CNI plugin fails and hides why (%q%s)", pod.Name, pod.Node, maskedError, times),
		"the egress-router plugin writes its errors only to a log on the node; the likely causes, most likely first: "+strings.Join(ranked, "; "),
		fix, command)
}

// logFix is how to read the plugin's log on pod's node.
func (c *state) logFix(r snapshot.Router, pod snapshot.Pod) (fix, command string) {
	node := pod.Node
	if node == "" {
		return "look at the pod", c.Caller.Kubectl(pod.Namespace, "describe", "pod", pod.Name)
	}
	file := defaultLog
	fix = "read the log on the node"
	if nad := c.NADOf(r); nad != nil {
		if conf, err := readConfig(nad.Config); err == nil {
			if file = cmp.Or(conf.LogFile, defaultLog); conf.LogFile == "" {
				fix = sprintf("NAD %s sets no log_file, so nothing is written: add \"log_file\":%q to its egress-router plugin, and when the pod has failed again read the log on the node", nad.Name, defaultLog)
			} else if !path.IsAbs(file) {
				fix = sprintf("read the log on the node: log_file %q in NAD %s is relative to the folder that the container runtime works in, which is / as a rule; with %q it is found for certain", file, nad.Name, defaultLog)
			}
		}
	}
	if c.Caller.CLI() == "oc" {
		return fix, c.Caller.Kubectl("", "debug", "node/"+node, "--", "chroot", "/host", "cat", path.Join("/", file))
	}
	return fix, c.Caller.Kubectl("", "debug", "node/"+node, "-it", "--image=busybox", "--", "cat", path.Join("/host", file))
}
