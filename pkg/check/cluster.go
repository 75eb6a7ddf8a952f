package check

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// Options are what a check of a cluster takes beside what was read of it.
type Options struct {
	// Provisioner is the one that the user asked for; Auto, or "", is what the cluster has.
	Provisioner egress.Provisioner
	// MaxMACs is how many macvlan interfaces a node's NIC filters in hardware; 0 is 32.
	MaxMACs int
	// Caller is how this tool was called, for the commands of findings.
	Caller finding.Caller
	// Now is the time that ages are counted to; the zero time is that of the Snapshot.
	Now time.Time
	// Only reports whether a router is asked for; nil is every router. Specs are checked against all others all the same.
	Only func(namespace, name string) bool
}

// reported are those of findings that are on the routers asked for, or on no router.
func (o Options) reported(findings []finding.Finding) []finding.Finding {
	if o.Only == nil {
		return findings
	}
	return slices.DeleteFunc(findings, func(f finding.Finding) bool {
		namespace, name, isRouter := strings.Cut(f.Object, "/")
		return isRouter && !o.Only(namespace, name)
	})
}

// mostNamed is how many things a finding names before it counts the rest.
const mostNamed = 5

// DefaultMaxMACs is what common NICs filter in hardware before they take all that comes.
const DefaultMaxMACs = 32

// young reports whether something that was created then has had little time to become ready.
func (c *state) young(created time.Time) bool {
	const grace = time.Minute
	return !c.Now.IsZero() && !created.IsZero() && c.Now.Sub(created) < grace
}

// onCluster is a finding on no router.
func onCluster(code finding.Code, level finding.Level, message, why, fix string, commands ...string) finding.Finding {
	return finding.New(code, "cluster", message, why, fix, commands...).At(level)
}

// at gives fs another level than the catalogue's.
func at(level finding.Level, fs []finding.Finding) []finding.Finding {
	for i := range fs {
		fs[i].Level = level
	}
	return fs
}

// words are the names in text, those with a slash between among them.
func words(text string) []string {
	all := strings.FieldsFunc(text, func(r rune) bool {
		return r != '-' && r != '.' && r != '/' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	for i := range all {
		all[i] = strings.Trim(all[i], ".")
	}
	return all
}

// The resources that checks ask the Snapshot for.
const (
	routersResource  = "egressrouters"
	nadsResource     = "network-attachment-definitions"
	deployments      = "deployments"
	podsResource     = "pods"
	eventsResource   = "events"
	servicesResource = "services"
	nodesResource    = "nodes"
	policiesResource = "networkpolicies"

	endpointsResource = "endpointslices"
	operatorsResource = "clusteroperators"
)

// noAPI is EGR201.
func noAPI(c *state) []finding.Finding {
	var out []finding.Finding
	if !c.Serves(nadsResource) {
		out = append(out, onCluster(finding.NoAPI, finding.Error,
			"the API network-attachment-definitions.k8s.cni.cncf.io is not served: Multus is not installed",
			"the router's net1 is a network that Multus attaches: without it the pod starts with eth0 alone and has no reserved address",
			"install Multus and the CNI plugin egress-router on the nodes, then see that the API is listed",
			c.Caller.Kubectl("", "api-resources", "--api-group=k8s.cni.cncf.io")))
	}
	if c.Provisioner == egress.Operator && !c.Serves(routersResource) {
		out = append(out, onCluster(finding.NoAPI, finding.Error,
			"the API egressrouters.network.operator.openshift.io is not served, and --provisioner=operator needs it",
			"only OpenShift's Cluster Network Operator brings this API, and only it makes routers of EgressRouters",
			"use --provisioner=standalone, which makes NAD and Deployment itself"))
	}
	return out
}
