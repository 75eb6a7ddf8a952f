package check

import (
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Judgement is all that is said of a cluster and its routers. Whoever says whether a router works takes its word from
// here.
type Judgement struct {
	// Findings are those on the routers asked for, and those that are about no router, in order.
	Findings []finding.Finding
	// Matrix says on which nodes the routers would work, as far as the cluster itself tells.
	Matrix Matrix

	index    *snapshot.Index
	progress map[routerKey]Progress
	on       map[string][]finding.Finding
	// surelyTaken are the routers whose address something has that no tenant can have written.
	surelyTaken map[routerKey]bool
}

// routerKey is a router among those of both provisioners.
type routerKey struct {
	key         string
	provisioner egress.Provisioner
}

func keyOf(r snapshot.Router) routerKey {
	return routerKey{egress.Key(&r.EgressRouter), r.Provisioner}
}

// Judge checks all that there is to check of a cluster: the specs, the chain behind each router, the nodes that it
// could run on, and the cluster. What could not be read is said to be unknown.
func Judge(s *snapshot.Snapshot, o Options) *Judgement {
	c := newState(s, o)
	progress := map[routerKey]Progress{}
	found := Specs(s)
	for _, check := range []func(*state) []finding.Finding{
		noAPI, unreadable, readRights, writeRights, noMacvlan, degraded, orphans, taken, manyMACs, clusterRoutes, inbound, notGranted,
	} {
		found = append(found, check(c)...)
	}
	for _, r := range c.asked() {
		for _, check := range []func(*state, snapshot.Router) []finding.Finding{
			userNetwork, uncovered, noService, servicePorts, openToAll, settingsLacking,
		} {
			found = append(found, check(c, r)...)
		}
		p := c.progress(r)
		found = append(found, p.Findings...)
		progress[keyOf(r)] = p
	}
	matrix := c.readiness()
	found = append(found, c.notReady(matrix)...)
	// A node where the pod fails is said to be one by the finding on the pod.
	j := NewJudgement(s, oncePerNamespace(o.reported(found)), matrix.failing(progress))
	j.progress, j.surelyTaken = progress, c.surelyTaken
	return j
}

// NewJudgement is what findings and a matrix that are known already say of s.
func NewJudgement(s *snapshot.Snapshot, findings []finding.Finding, matrix Matrix) *Judgement {
	finding.Sort(findings)
	j := &Judgement{Findings: findings, Matrix: matrix, index: s.Index(), on: map[string][]finding.Finding{}}
	for _, f := range findings {
		j.on[f.Object] = append(j.on[f.Object], f)
	}
	return j
}

// asked are the routers that are to be judged.
func (c *state) asked() []snapshot.Router {
	return slices.DeleteFunc(slices.Clone(c.Routers), func(r snapshot.Router) bool { return c.Only != nil && !c.Only(r.Namespace, r.Name) })
}

// Progress is how far r has come.
func (j *Judgement) Progress(r snapshot.Router) Progress { return j.progress[keyOf(r)] }

// On are the findings on r, heaviest first.
func (j *Judgement) On(r snapshot.Router) []finding.Finding {
	return j.on[finding.Printable(egress.Key(&r.EgressRouter))]
}

// Reasons are the codes of the errors and warnings on r, heaviest first, each once.
func (j *Judgement) Reasons(r snapshot.Router) []finding.Code {
	var out []finding.Code
	for _, f := range finding.AtLeast(j.On(r), finding.Warning) {
		if !slices.Contains(out, f.Code) {
			out = append(out, f.Code)
		}
	}
	return out
}

// The states of a router that are no state of a pod.
const (
	// Ready is that of a router that serves, and that no error holds against.
	Ready = "Ready"
	// stateDegraded is that of one whose pod is up, and that an error holds against: its clients may not get through.
	stateDegraded = "Degraded"
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
		return stateDegraded
	}
	return Ready
}
