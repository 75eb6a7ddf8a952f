package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// Settings are what create was asked to set on the operator's Deployment of a router. The annotation
// egress.AnnotationDeployment of its EgressRouter holds them, to compare the Deployment with: whoever may write the
// EgressRouter may forge them. Where nothing is asked for, nothing is set and nothing is noted. What comes with any of
// them, strategy Recreate and the grace period, is not noted, and is compared all the same.
type Settings struct {
	Recreate      bool              `json:"recreate,omitempty"`
	NodeSelector  map[string]string `json:"nodeSelector,omitempty"`
	FailoverAfter *metav1.Duration  `json:"failoverAfter,omitempty"`
}

// settings are those that o asks for.
func (o Options) settings() Settings {
	s := Settings{Recreate: o.Recreate, NodeSelector: o.NodeSelector}
	if o.FailoverAfter != nil {
		s.FailoverAfter = &metav1.Duration{Duration: *o.FailoverAfter}
	}
	return s
}

// options are what asks for s.
func (s Settings) options() Options {
	o := Options{Recreate: s.Recreate, NodeSelector: s.NodeSelector}
	if s.FailoverAfter != nil {
		o.FailoverAfter = &s.FailoverAfter.Duration
	}
	return o
}

// empty reports whether nothing is asked for.
func (s Settings) empty() bool {
	return !s.Recreate && len(s.NodeSelector) == 0 && s.FailoverAfter == nil
}

// String returns s as the annotation holds it: the same settings are always the same text.
func (s Settings) String() string {
	text, err := marshal(s)
	if err != nil {
		return "" // no value of s does that
	}
	return text
}

// ParseSettings reads what String returned. It refuses any other text, even one that would mean the same.
func ParseSettings(text string) (Settings, error) {
	var s Settings
	if err := json.Unmarshal([]byte(text), &s); err != nil || s.empty() || s.String() != text {
		return Settings{}, errors.New("it is not the JSON that create writes")
	}
	var given []string
	for key, value := range s.NodeSelector {
		given = append(given, key+"="+value)
	}
	// A key that holds the sign between key and value would be read as another.
	if parsed, err := ParseLabels(given, "node"); err != nil || !maps.Equal(parsed, s.NodeSelector) {
		return Settings{}, errors.New("its node selector holds what is not a label")
	}
	if after := s.FailoverAfter; after != nil && (after.Duration < time.Second || after.Duration%time.Second != 0) {
		return Settings{}, fmt.Errorf("its failover time %s is not a number of seconds", after.Duration)
	}
	return s, nil
}

// Flags returns the flags of create that ask for s.
func (s Settings) Flags() []string {
	var out []string
	if s.Recreate {
		out = append(out, "--recreate")
	}
	if len(s.NodeSelector) > 0 {
		out = append(out, "--node-selector", labels.FormatLabels(s.NodeSelector))
	}
	if s.FailoverAfter != nil {
		out = append(out, "--failover-after", s.FailoverAfter.Duration.String())
	}
	return out
}

// LackingIn returns what a Deployment with that strategy and pod template lacks of s, in words. A grace period that is
// not known is not compared: older bundles do not hold it.
func (s Settings) LackingIn(strategy string, pod *corev1.PodSpec) []string {
	var out []string
	if strategy != string(appsv1.RecreateDeploymentStrategyType) {
		out = append(out, "strategy Recreate")
	}
	if grace := pod.TerminationGracePeriodSeconds; grace != nil && *grace != operatorGracePeriod {
		out = append(out, fmt.Sprintf("a grace period of %d s", operatorGracePeriod))
	}
	missing := maps.Clone(s.NodeSelector)
	maps.DeleteFunc(missing, func(key, value string) bool { is, ok := pod.NodeSelector[key]; return ok && is == value })
	if len(missing) > 0 {
		out = append(out, "node selector "+labels.FormatLabels(missing))
	}
	for _, want := range s.options().tolerations() {
		if !slices.ContainsFunc(pod.Tolerations, func(is corev1.Toleration) bool { return equality.Semantic.DeepEqual(is, want) }) {
			return append(out, "failover after "+s.FailoverAfter.Duration.String())
		}
	}
	return out
}

// withoutNotes is r without the annotations of this tool, which a file has that was read off a cluster: they say what was
// there, and are written again for what is asked for now.
func withoutNotes(r *nov1.EgressRouter) *nov1.EgressRouter {
	out := r.DeepCopy()
	maps.DeleteFunc(out.Annotations, func(key, _ string) bool { return strings.HasPrefix(key, egress.AnnotationPrefix) })
	return out
}

// noteSettings notes on an EgressRouter what o asks of the operator's Deployment.
func noteSettings(cr *unstructured.Unstructured, o Options) {
	s := o.settings()
	if s.empty() {
		return
	}
	annotations := cr.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[egress.AnnotationDeployment] = s.String()
	cr.SetAnnotations(annotations)
}
