package check

import (
	"slices"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Stage is a step of a router on its way to serving clients.
type Stage int

// The stages, in the order in which a router comes to be.
const (
	// StageNetwork is where its NAD is missing, another router's, or not what the router asks for.
	StageNetwork Stage = iota
	// StageDeployment is where its Deployment is missing, has made no pod, or is not rolled out.
	StageDeployment
	// StagePod is where a pod is not ready.
	StagePod
	// StageInterface is where a pod runs without the reserved address on net1.
	StageInterface
	// StageService is where a Service of the router has no ready endpoint.
	StageService
	// StageServing is where nothing holds it up, as far as the cluster can tell.
	StageServing
)

// Progress is what a Snapshot says of one router: how far it has come, and what holds it up.
type Progress struct {
	Stage Stage
	// Reason is why it is not further, in a sentence; "" at StageServing.
	Reason string
	// Findings are those that hold it up, or will where its pod starts again.
	Findings []finding.Finding
	// Rules says whether its pods run the rules of its NAD.
	Rules Freshness
	// node is where a pod of it does not work, with the answer for that node and why; "" where there is none.
	node, failure string
	works         platform.Answer
}

// Follow returns the Progress of r, which is one of s.
func Follow(s *snapshot.Snapshot, r snapshot.Router, o Options) Progress {
	return newState(s, o).progress(r)
}

func (c *state) progress(r snapshot.Router) Progress {
	p := Progress{Findings: c.chain(r), Rules: c.freshness(r), works: platform.No}
	p.Stage, p.Reason = c.stage(r)
	if p.Stage == StageServing {
		return p
	}
	for _, f := range p.Findings {
		if !slices.Contains(holdingUp(p.Stage), f.Code) {
			continue
		}
		p.Reason = sprintf("%s: %s", f.Code, f.Message)
		if f.Level == finding.Info {
			p.Reason, p.works = f.Message, platform.Unknown // it is early yet, and nothing is wrong
		}
		break
	}
	hanging := slices.IndexFunc(p.Findings, func(f finding.Finding) bool { return f.Code == finding.PodHangs && f.Level == finding.Error })
	switch {
	case p.Stage == StagePod || p.Stage == StageInterface:
		p.node, p.failure = c.failingNode(r), p.Reason
	case hanging >= 0:
		f := p.Findings[hanging]
		p.node, p.failure, p.works = c.failingNode(r), sprintf("%s: %s", f.Code, f.Message), platform.No
	default:
		if pod := c.otherAddress(r); pod != nil {
			p.node, p.works = pod.Node, platform.No
			p.failure = sprintf("pod %s has %s on %s there, and the reserved address is %s", pod.Name, pod.IP, egress.Interface, egress.ReservedIP(&r.EgressRouter))
		}
	}
	return p
}

// chain are the findings on what is between r and its clients.
func (c *state) chain(r snapshot.Router) []finding.Finding {
	var out []finding.Finding
	for _, check := range []func(*state, snapshot.Router) []finding.Finding{
		refusedByOperator, foreign, nadDiffers, podSecurity, hangs, noNet1, twoHolders, oldRules,
	} {
		out = append(out, check(c, r)...)
	}
	return out
}

// holdingUp are the codes that say why a router is no further than stage.
func holdingUp(stage Stage) []finding.Code {
	return map[Stage][]finding.Code{
		StageNetwork:    {finding.OperatorDegraded, finding.OperatorSilent, finding.NADDiffers},
		StageDeployment: {finding.ForeignDeploy, finding.PodSecurity, finding.PodHangs},
		StagePod:        {finding.PodHangs},
		StageInterface:  {finding.NoNet1},
	}[stage]
}

// stage is how far r has come, and why it is not further. What may not be read holds nothing up.
func (c *state) stage(r snapshot.Router) (Stage, string) {
	for _, step := range []struct {
		stage Stage
		holds func(snapshot.Router) string
	}{
		{StageNetwork, c.networkHolds}, {StageDeployment, c.podMissing}, {StagePod, c.podHolds},
		{StageDeployment, c.rolloutHolds}, {StageInterface, c.interfaceHolds}, {StageService, c.serviceHolds},
	} {
		if reason := step.holds(r); reason != "" {
			return step.stage, reason
		}
	}
	return StageServing, ""
}

// networkHolds says what is wrong with the NAD, or "".
func (c *state) networkHolds(r snapshot.Router) string {
	if !c.Serves(nadsResource) || !c.knows(r, nadsResource) {
		return ""
	}
	name := r.Provisioner.NADName(r.Name)
	nad := c.NADOf(r)
	switch {
	case nad == nil && c.unrenderable(r) != "":
		return "the operator cannot render it: " + c.unrenderable(r)
	case nad == nil:
		return sprintf("NAD %s is not there", name)
	case nad.Router != "" && nad.Router != r.Name:
		return sprintf("NAD %s belongs to router %s", name, nad.Router)
	case difference(r, nad) != "":
		return sprintf("NAD %s does not hold the router's address and rules yet", name)
	}
	return ""
}

// podMissing says why there is no pod, or "".
func (c *state) podMissing(r snapshot.Router) string {
	if !c.knows(r, deployments, podsResource) {
		return ""
	}
	name := r.Provisioner.DeploymentName(r.Name)
	switch d := c.DeploymentOf(r); {
	case d == nil:
		return sprintf("Deployment %s is not there yet", name)
	case d.Failure != "":
		return sprintf("Deployment %s cannot make its pod: %s", name, d.Failure)
	case !d.Observed || len(c.PodsOf(r)) == 0:
		return sprintf("Deployment %s has not made its pod yet", name)
	}
	return ""
}

// podHolds names a pod that is not ready, or "".
func (c *state) podHolds(r snapshot.Router) string {
	for _, pod := range c.waiting(r) {
		return sprintf("pod %s is %s", pod.Name, pod.State)
	}
	return ""
}

// waiting are the pods of r that should be at work and are not ready. One that has ended is none where another serves.
func (c *state) waiting(r snapshot.Router) []snapshot.Pod {
	pods := c.PodsOf(r)
	serving := slices.ContainsFunc(pods, func(p snapshot.Pod) bool { return p.Ready })
	return slices.DeleteFunc(pods, func(p snapshot.Pod) bool { return p.Ready || serving && ended(p) })
}

func ended(p snapshot.Pod) bool { return p.Phase == "Succeeded" || p.Phase == "Failed" }

// rolloutHolds says what keeps the Deployment from being available with pods of its newest template, or "".
func (c *state) rolloutHolds(r snapshot.Router) string {
	switch d := c.DeploymentOf(r); {
	case d == nil:
		return ""
	case d.Replicas == 0:
		return sprintf("Deployment %s is scaled to 0", d.Name)
	case d.Updated < d.Replicas || d.Current > d.Updated || d.Available < d.Replicas:
		return sprintf("Deployment %s is not available yet", d.Name)
	}
	return ""
}

// interfaceHolds says what keeps a pod from having the reserved address, or "".
func (c *state) interfaceHolds(r snapshot.Router) string {
	reserved := egress.ReservedIP(&r.EgressRouter)
	if !reserved.IsValid() {
		return ""
	}
	for _, pod := range c.PodsOf(r) {
		if message, _, _, _ := c.netProblem(r, pod, reserved); message != "" && pod.Ready {
			return message
		}
	}
	return ""
}

// serviceHolds names a Service that sends to no pod yet, or "".
func (c *state) serviceHolds(r snapshot.Router) string {
	if !c.knows(r, servicesResource, endpointsResource) {
		return ""
	}
	for _, service := range c.ServicesOf(r) {
		if len(c.EndpointsOf(service).Ready) == 0 {
			return sprintf("Service %s has no ready endpoint yet", service.Name)
		}
	}
	return ""
}

// failingNode is the node on which a pod of r fails, or "".
func (c *state) failingNode(r snapshot.Router) string {
	for _, pod := range c.waiting(r) {
		return pod.Node
	}
	if pod := c.PodOf(r); pod != nil {
		return pod.Node
	}
	return ""
}

// otherAddress is the pod that counts for r, if it runs with another address than r's: whatever else holds r up, it does not
// work there. nil where it has r's, or none yet.
func (c *state) otherAddress(r snapshot.Router) *snapshot.Pod {
	pod, reserved := c.PodOf(r), egress.ReservedIP(&r.EgressRouter)
	if pod == nil || !pod.Ready || pod.IP == "" || !reserved.IsValid() || ipOf(*pod) == reserved {
		return nil
	}
	return pod
}
