package check

import (
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// The states of a router that are no state of a pod.
const (
	// Ready is that of a router that serves, and that no error holds against.
	Ready = "Ready"
	// Degraded is that of one whose pod is up, and that an error holds against: its clients may not get through.
	Degraded = "Degraded"
	// Unknown is that of one whose pods may not be read.
	Unknown = "Unknown"
)

// State is the state of r in a word: Ready, Degraded, Unknown, NoPod, NotReady, NoNet1, OtherIP, NoEndpoint, or that of
// its pod as kubectl shows it.
func (j *Judgement) State(r snapshot.Router) string {
	pod := j.index.PodOf(r)
	switch {
	case pod == nil && j.index.UnknownOf(podsResource) != nil:
		return Unknown
	case pod == nil:
		return "NoPod"
	case !pod.Ready && pod.State == "Running":
		return "NotReady" // as on a lost node: kubectl shows beside Running that it is not ready
	case !pod.Ready && strings.HasPrefix(pod.State, "not scheduled"):
		return "Pending"
	case !pod.Ready:
		reason, _, _ := strings.Cut(pod.State, " (")
		return reason
	case pod.IP == "":
		return "NoNet1"
	case ipOf(*pod) != egress.ReservedIP(&r.EgressRouter):
		return "OtherIP"
	case j.Progress(r).Stage == StageService:
		return "NoEndpoint"
	case len(finding.AtLeast(j.On(r), finding.Error)) > 0:
		return Degraded
	}
	return Ready
}
