package check

import (
	"slices"
	"testing"

	nov1 "github.com/openshift/api/networkoperator/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
	"github.com/kubectl-egress/kubectl-egress/test/cno/facts"
)

// What the operator cannot render is refused as that, and what it says of it is known to be about the router.
func TestFactsOfWhatCannotBeRendered(t *testing.T) {
	for name, addresses := range facts.Unrenderable() {
		t.Run(name, func(t *testing.T) {
			s := decode(t, base(t, "operator"))
			s.NADs, s.Deployments, s.Pods = nil, nil, nil
			spec := &s.Routers[0].Spec
			spec.Addresses = addresses
			if !slices.ContainsFunc(Specs(s), func(f finding.Finding) bool { return slices.Contains(Degrading(), f.Code) }) {
				t.Errorf("nothing is said to degrade the operator: %v", Specs(s))
			}
			s.Cluster.NetworkOperator = &snapshot.Operator{Degraded: true, Message: facts.Message("billing/partner-a", facts.RenderError(spec))}
			if !slices.ContainsFunc(Judge(s, Options{}).Findings, isRefusal) {
				t.Errorf("the operator is not understood: %s", s.Cluster.NetworkOperator.Message)
			}
		})
	}
}

func isRefusal(f finding.Finding) bool {
	return f.Code == finding.OperatorDegraded && f.Level == finding.Error && f.Object == "billing/partner-a"
}

// What the operator writes of a router is all that the router asks for.
func TestFactsOfWhatIsWritten(t *testing.T) {
	s := decode(t, base(t, "operator"))
	spec := &s.Routers[0].Spec
	spec.Redirect.RedirectRules = append(spec.Redirect.RedirectRules, nov1.L4RedirectRule{Port: 80, Protocol: nov1.ProtocolTypeUDP, DestinationIP: "10.100.3.0"})
	s.Services = nil
	config, err := facts.NADConfig(spec)
	if err != nil {
		t.Fatal(err)
	}
	s.NADs[0].Config, s.Deployments[0].Networks = config, facts.Networks("192.168.12.1")
	if found := finding.AtLeast(Judge(s, Options{}).Findings, finding.Warning); len(found) > 0 {
		t.Errorf("found %v", found)
	}
}
