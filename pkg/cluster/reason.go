package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	configv1 "github.com/openshift/api/config/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// maskedCNIError is all that a failed start of the egress-router plugin leaves in an event.
const maskedCNIError = "unexpected end of JSON input"

func clusterOperators() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: configv1.GroupName, Version: "v1", Resource: "clusteroperators"}
}

// operatorReason says why the operator has not rendered the router: it refused, it is in trouble, or it
// is slow. A reason that cannot be read is said to be so.
func (c *Client) operatorReason(ctx context.Context, t Target) string {
	if t.Provisioner == egress.Standalone {
		return ""
	}
	if refused := t.words(finding.NoPrefix, finding.NoGateway, finding.NoAddress); refused != "" {
		return "it cannot render the router: " + refused
	}
	object, err := c.dynamic.Resource(clusterOperators()).Get(ctx, "network", getOptions())
	if err != nil {
		return fmt.Sprintf("the spec has no fault, so the operator is slow or does not run; its state cannot be read (%v)", err)
	}
	var operator configv1.ClusterOperator
	if err := typed(object, &operator); err != nil {
		return err.Error()
	}
	for _, condition := range operator.Status.Conditions {
		if condition.Type != configv1.OperatorDegraded || condition.Status != configv1.ConditionTrue {
			continue
		}
		if names(condition.Message, t) {
			return "it refused the router: ClusterOperator/network is Degraded: " + condition.Message
		}
		return "ClusterOperator/network is Degraded, for another cause than this router: " + condition.Message
	}
	return "the spec has no fault and ClusterOperator/network is not Degraded, so the operator is slow or does not run"
}

// names reports whether an operator's message is about the router: it has namespace/name, or both as words.
func names(message string, t Target) bool {
	words := strings.FieldsFunc(message, func(r rune) bool {
		return r != '-' && r != '.' && r != '/' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	for i := range words {
		words[i] = strings.Trim(words[i], ".")
	}
	return slices.Contains(words, egress.Key(t.Router)) ||
		slices.Contains(words, t.Router.Name) && slices.Contains(words, t.Router.Namespace)
}

// podReason says what the newest warning about a pod that does not start is.
func (c *Client) podReason(ctx context.Context, v *view) string {
	for _, pod := range v.pods {
		if ready(pod) {
			continue
		}
		event, err := c.lastWarning(ctx, pod)
		if err != nil {
			return fmt.Sprintf("its events cannot be read (%v)", err)
		}
		switch {
		case event == nil, strings.Contains(podState(pod), event.Message):
			return ""
		case strings.Contains(event.Message, maskedCNIError):
			return fmt.Sprintf("the egress-router CNI plugin failed and hides why (%q): read /tmp/egress-router-log on node %s%s",
				maskedCNIError, pod.Spec.NodeName, v.target.spec())
		default:
			return fmt.Sprintf("%s: %s", event.Reason, event.Message)
		}
	}
	return ""
}

// spec says what the checks find in the router that may be the cause.
func (t Target) spec() string {
	if words := t.words(); words != "" {
		return "; the spec shows " + words
	}
	return "; the spec has no fault"
}

// words are the findings of the codes given, or all of them, in a line.
func (t Target) words(codes ...finding.Code) string {
	var out []string
	for _, f := range t.Findings {
		if len(codes) == 0 || slices.Contains(codes, f.Code) {
			out = append(out, fmt.Sprintf("%s: %s", f.Code, f.Message))
		}
	}
	return strings.Join(out, "; ")
}

// lastWarning is the newest warning event of pod, or nil.
func (c *Client) lastWarning(ctx context.Context, pod *corev1.Pod) (*corev1.Event, error) {
	list, err := c.dynamic.Resource(core("events")).Namespace(pod.Namespace).List(ctx, metav1.ListOptions{
		FieldSelector: "type=Warning,involvedObject.uid=" + string(pod.UID),
	})
	if err != nil {
		return nil, err
	}
	var last *corev1.Event
	for i := range list.Items {
		event := &corev1.Event{}
		if err := typed(&list.Items[i], event); err != nil {
			return nil, err
		}
		if last == nil || last.LastTimestamp.Before(&event.LastTimestamp) {
			last = event
		}
	}
	return last, nil
}

// ready reports whether pod is.
func ready(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// podState is what kubectl shows as a pod's status, with the cause where the pod itself tells.
func podState(pod *corev1.Pod) string {
	for _, status := range pod.Status.ContainerStatuses {
		if waiting := status.State.Waiting; waiting != nil && waiting.Reason != "" {
			return joined(waiting.Reason, waiting.Message)
		}
		if ended := status.State.Terminated; ended != nil {
			return joined(ended.Reason, ended.Message)
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			return joined("not scheduled", condition.Message)
		}
	}
	if pod.Status.Phase == "" {
		return string(corev1.PodPending)
	}
	return string(pod.Status.Phase)
}

func joined(reason, message string) string {
	if message == "" {
		return reason
	}
	return reason + " (" + message + ")"
}
