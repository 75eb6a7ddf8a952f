package check

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// complainsWhen is when ClusterOperator/network turns Degraded because of a router, in any release of OpenShift 4.
const complainsWhen = "at once up to 4.21, after two minutes or more from 4.22"

// hides says why the operator's message is no evidence of what it does not say.
const hides = "it shows only its first trouble, which hides others, and its message may be minutes old"

// degraded is EGR204 on the cluster, where the operator names no router. What it says of routers that are there is on
// those, and what it says of routers that are gone is EGR219's alone.
func degraded(c *state) []finding.Finding {
	operator := c.Cluster.NetworkOperator
	if operator == nil || !operator.Degraded || len(c.gone()) > 0 || slices.ContainsFunc(c.Routers, c.named) {
		return nil
	}
	return []finding.Finding{onCluster(finding.OperatorDegraded, finding.Warning, c.degradedMessage(),
		"it names no egress router that is known here, which does not say that none is affected: "+hides+
			"; an operator in trouble may be slow to make a router, or not make it at all",
		"read what the operator says"+c.onManagement(), c.operatorLog())}
}

// refusedByOperator is EGR204 on a router that the operator names: an info where it has followed the router all the same.
func refusedByOperator(c *state, r snapshot.Router) []finding.Finding {
	if !c.named(r) {
		return nil
	}
	if c.followed(r) {
		return at(finding.Info, one(r, finding.OperatorDegraded, c.degradedMessage(),
			sprintf("the operator names this router, and yet NAD %s and Deployment %s are there as its spec asks: the message is most likely old, and holds nothing up",
				r.Provisioner.NADName(r.Name), r.Provisioner.DeploymentName(r.Name)),
			"wait: the operator renews its message some minutes later; if it does not, read what it says"+c.onManagement(), c.operatorLog()))
	}
	return one(r, finding.OperatorDegraded, c.degradedMessage(),
		"the operator names this router: it could not reconcile it when it said so, and nothing shows that it has done so since",
		"fix the errors found in the router's spec, if there are any, and apply it again; else read what the operator says"+c.onManagement(), c.operatorLog())
}

// followed reports whether the operator has surely done what r asks for: its NAD says that, and its Deployment is there.
func (c *state) followed(r snapshot.Router) bool {
	d := c.DeploymentOf(r)
	return c.comparedNAD(r) != nil && c.unrenderable(r) == "" && d != nil && d.Router == r.Name
}

func (c *state) degradedMessage() string {
	operator := c.Cluster.NetworkOperator
	return sprintf("ClusterOperator/network is Degraded%s: %s", since(operator.Since), said(operator))
}

// named reports whether a Degraded operator names r.
func (c *state) named(r snapshot.Router) bool {
	operator := c.Cluster.NetworkOperator
	return operator != nil && operator.Degraded && r.Provisioner != egress.Standalone && names(operator.Message, r)
}

// operatorLog is the command that reads the operator's log.
func (c *state) operatorLog() string {
	return c.onOperator("logs", "deployment/network-operator", "--tail=50")
}

// onOperator is a command on the operator, or "" for that of a hosted cluster: it runs with its control plane, on another
// cluster and in a namespace that nothing tells here.
func (c *state) onOperator(words ...string) string {
	if c.Cluster.Hosted {
		return ""
	}
	return c.Caller.Kubectl("openshift-network-operator", words...)
}

// onManagement says, for a fix, where a hosted cluster's operator is.
func (c *state) onManagement() string {
	if !c.Cluster.Hosted {
		return ""
	}
	return ": it is deployment/cluster-network-operator in the namespace of the hosted control plane, on the management cluster"
}

// said is the operator's message, or its reason where it has none.
func said(operator *snapshot.Operator) string {
	return cmp.Or(operator.Message, operator.Reason, "it gives no reason")
}

func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " since " + stamp(t)
}

// names reports whether the operator's message is about the router: it has namespace/name, or both as words.
func names(message string, r snapshot.Router) bool {
	all := words(message)
	return slices.Contains(all, egress.Key(&r.EgressRouter)) || slices.Contains(all, r.Name) && slices.Contains(all, r.Namespace)
}

// gone are the routers, as namespace/name, that a Degraded operator names and that are not there. Without a
// full list of the routers there is no telling. The messages name other things as a/b too, so only what
// follows the words Egress Router counts.
func (c *state) gone() []string {
	operator := c.Cluster.NetworkOperator
	if operator == nil || !operator.Degraded || !c.Serves(routersResource) {
		return nil
	}
	var out []string
	for _, match := range regexp.MustCompile(`(?i)egress ?router ([a-z0-9-]+)/([a-z0-9.-]*[a-z0-9])`).FindAllStringSubmatch(operator.Message, -1) {
		key := match[1] + "/" + match[2]
		there := slices.ContainsFunc(c.Routers, func(r snapshot.Router) bool {
			return r.Provisioner != egress.Standalone && egress.Key(&r.EgressRouter) == key
		})
		if !there && c.KnowsIn(routersResource, match[1]) && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

// orphans is EGR219.
func orphans(c *state) []finding.Finding {
	var out []finding.Finding
	for _, key := range c.gone() {
		namespace, name, _ := strings.Cut(key, "/")
		fix, command := c.forget(namespace, name)
		out = append(out, finding.New(finding.OrphanRouter, key,
			sprintf("ClusterOperator/network is Degraded%s because of router %s, which is gone: %s",
				since(c.Cluster.NetworkOperator.Since), key, said(c.Cluster.NetworkOperator)),
			"the operator remembers a router that it could not reconcile until one of that name succeeds, or until it is restarted: deleting the router does not clear it, and the complaint can even begin after that ("+complainsWhen+")",
			fix, command))
	}
	return out
}

// forget is how to have the operator forget a router that is gone: by a valid one of that name, with an address that is
// for documentation alone and rules that send nothing. Beside another router that one would take over NAD and Deployment,
// and have them deleted: there the operator is restarted. A namespace that could not be read may hold one.
func (c *state) forget(namespace, name string) (fix, command string) {
	beside := !c.KnowsIn(routersResource, namespace) || slices.ContainsFunc(c.Routers, func(r snapshot.Router) bool {
		return r.Namespace == namespace && r.Provisioner != egress.Standalone
	})
	if beside {
		return sprintf("restart the operator, which then forgets it; a router of that name would take NAD and Deployment from the router that namespace %s holds", namespace) +
			c.onManagement(), c.restartOperator()
	}
	r := &nov1.EgressRouter{}
	r.Namespace, r.Name = namespace, name
	r.Spec.Addresses = []nov1.EgressRouterAddress{{IP: "192.0.2.2/24", Gateway: "192.0.2.1"}}
	cr, err := render.EgressRouter(r)
	if err != nil {
		return sprintf("restart the operator, which then forgets it (%v)%s", err, c.onManagement()), c.restartOperator()
	}
	// Each only after the one before: where somebody has made the router again, it must not be deleted.
	return "create a valid router of that name, in its namespace (create that again where it is gone too), wait until the operator is well, and delete it",
		strings.Join([]string{c.Caller.Piped(cr.Object, "create"),
			c.Caller.Kubectl("", "wait", "clusteroperator/network", "--for=condition=Degraded=False", "--timeout=10m"),
			c.Caller.Kubectl(namespace, "delete", "egressrouter", name)}, " && ")
}

// restartOperator is how to restart the operator, which harms no router.
func (c *state) restartOperator() string {
	return c.onOperator("rollout", "restart", "deployment/network-operator")
}
