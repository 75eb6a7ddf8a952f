package check

import (
	"slices"
	"strings"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// nadDiffers is EGR211. It is silent where routers share a namespace (EGR113): the NAD is each one's in turn.
func nadDiffers(c *state, r snapshot.Router) []finding.Finding {
	if !c.Serves(nadsResource) || !c.knows(r, nadsResource) {
		return nil
	}
	name := r.Provisioner.NADName(r.Name)
	nad := c.NADOf(r)
	if nad == nil {
		return c.noNAD(r, name)
	}
	if c.shares(r) {
		return nil
	}
	fix := "the operator writes it again within five minutes; if it stays so, its log says why; see who wrote it"
	show := []string{c.Caller.Kubectl(r.Namespace, "get", "network-attachment-definition", name, "-o", "yaml", "--show-managed-fields"), c.operatorLog()}
	if r.Provisioner == egress.Standalone {
		fix, show = "run create again with the rules that it shall have, and with --force-conflicts where another hand has written it; see who did", show[:1]
	}
	if nad.Router != "" && nad.Router != r.Name {
		return one(r, finding.NADDiffers, sprintf("NAD %s belongs to router %s, not to %s", name, nad.Router, r.Name),
			"the pod reads its address and rules from this NAD, so it serves the other router", fix, show...)
	}
	problem := difference(r, nad)
	if problem == "" {
		return nil
	}
	why := "the CNI plugin does as the NAD says, at the next start of the pod: another hand has changed it, or whoever provisions it has not followed the router yet"
	if rules := unwritable(nad); len(rules) > 0 {
		why += sprintf("; it cannot write %s: from OpenShift 4.20 on the pod does not start, up to 4.19 it runs without, its log claims the opposite, and clients are refused there", finding.Listed(rules, mostNamed, ", "))
	}
	return one(r, finding.NADDiffers, sprintf("NAD %s does not say what the router asks for: %s", name, problem), why, fix, show...)
}

// unwritable are the destinations of a NAD whose target is not an IPv4 address, quoted: on other faults every plugin fails.
func unwritable(nad *snapshot.NAD) []string {
	network, err := render.ReadNetwork(nad.Config)
	if err != nil {
		return nil
	}
	var out []string
	for _, destination := range network.Destinations {
		fields := strings.Split(destination, " ")
		target := fields[0]
		if len(fields) > 2 {
			target = fields[2]
		}
		if badDestination(target, true) != "" && target != "" {
			out = append(out, sprintf("%q", destination))
		}
	}
	return out
}

// noNAD is EGR211, or EGR220 under the operator, where the NAD is missing. Where the operator cannot render the spec,
// that says it already.
func (c *state) noNAD(r snapshot.Router, name string) []finding.Finding {
	if r.Provisioner == egress.Standalone {
		return at(finding.Error, one(r, finding.NADDiffers, sprintf("NAD %s is gone", name),
			"Multus finds no network of that name, so the next pod of the router cannot start",
			"run create again, with the flags that the router was made with"))
	}
	if d := c.DeploymentOf(r); d != nil && d.Router == r.Name {
		return at(finding.Error, one(r, finding.NADDiffers, sprintf("NAD %s is gone", name),
			"another hand has deleted what the operator had made: Multus finds no network of that name, so the next pod of the router cannot start",
			"the operator makes it again within five minutes; if it does not, its log says why"+c.onManagement(), c.operatorLog()))
	}
	return c.silent(r, name)
}

// answersWithin is how long an operator that is well takes at most to make the NAD of a router.
const answersWithin = 2 * time.Minute

// silent is EGR220: the operator has made nothing of a router that it could render. Where it names the router, EGR204
// says that already.
func (c *state) silent(r snapshot.Router, name string) []finding.Finding {
	if c.unrenderable(r) != "" || c.named(r) {
		return nil
	}
	found := one(r, finding.OperatorSilent, sprintf("the operator has not made NAD %s yet", name),
		"without it no pod can start; an operator that is well makes it within seconds; "+c.operatorSays(),
		"see whether the operator runs and what it says"+c.onManagement(), c.operatorLog())
	asked := r.Changed
	if asked.IsZero() {
		asked = r.CreationTimestamp.Time
	}
	if !c.Now.IsZero() && !asked.IsZero() && c.Now.Sub(asked) < answersWithin {
		return at(finding.Info, found)
	}
	return found
}

// operatorSays is what is known of the operator's state.
func (c *state) operatorSays() string {
	operator := c.Cluster.NetworkOperator
	switch {
	case c.UnknownOf(operatorsResource) != nil:
		return "ClusterOperator/network may not be read, so how it does is unknown"
	case operator == nil:
		return "there is no ClusterOperator/network that would say how it does"
	case operator.Degraded:
		return "ClusterOperator/network is Degraded, and does not name this router, which may be a cause all the same (" + hides + "): " + said(operator)
	}
	return "ClusterOperator/network is not Degraded: the operator is slow, does not run, or fails and has not said so yet (it does " + complainsWhen + ")"
}

// unrenderable says which faults of r's spec the operator cannot render, or "".
func (c *state) unrenderable(r snapshot.Router) string {
	if r.Provisioner == egress.Standalone {
		return ""
	}
	var out []string
	for _, f := range checkSpec(r) {
		if slices.Contains(Degrading(), f.Code) {
			out = append(out, sprintf("%s: %s", f.Code, f.Message))
		}
	}
	return strings.Join(out, "; ")
}

// Degrading are the spec errors that the operator cannot render, which degrade the network operator of the whole cluster.
func Degrading() []finding.Code {
	return []finding.Code{finding.NoPrefix, finding.NoGateway, finding.NoAddress}
}

// difference says what differs between the NAD and what r asks for, both values, or "".
func difference(r snapshot.Router, nad *snapshot.NAD) string {
	if nad.Config == "" {
		return notOurs
	}
	is, err := render.ReadNetwork(nad.Config)
	if err != nil {
		return err.Error()
	}
	want := render.Want(&r.EgressRouter, r.Provisioner)
	var out []string
	if !slices.Equal(is.Addresses, want.Addresses) {
		out = append(out, sprintf("its addresses are %q, and the router's is %q", is.Addresses, want.Addresses))
	}
	if is.Gateway != want.Gateway {
		out = append(out, sprintf("its gateway is %q, and the router's is %q", is.Gateway, want.Gateway))
	}
	if !slices.Equal(is.Destinations, want.Destinations) {
		out = append(out, rulesDiffer(is.Destinations, want.Destinations))
	}
	return strings.Join(out, "; ")
}

// rulesDiffer names the rules that only one side has.
func rulesDiffer(is, want []string) string {
	var out []string
	if extra := without(is, want); len(extra) > 0 {
		out = append(out, sprintf("it has rules that the router has not: %q", extra))
	}
	if lacking := without(want, is); len(lacking) > 0 {
		out = append(out, sprintf("it lacks rules that the router has: %q", lacking))
	}
	if len(out) == 0 {
		return sprintf("its rules are in another order, or repeated: %q, and the router's are %q", is, want)
	}
	return strings.Join(out, "; ")
}

func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}
