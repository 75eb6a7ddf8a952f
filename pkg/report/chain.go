package report

import (
	"cmp"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Status gathers from s what belongs to each of routers, of which judged says how they do.
func Status(s *snapshot.Snapshot, routers []snapshot.Router, judged *check.Judgement) StatusList {
	ofCluster := collect.Filter(judged.Findings, func(f finding.Finding) bool { return !strings.Contains(f.Object, "/") })
	rows := collect.By(judged.Matrix.Rows, func(row check.Row) string { return row.Router })
	x := s.Index()
	return StatusList{Findings: append([]finding.Finding{}, ofCluster...), Routers: collect.Map(routers, func(r snapshot.Router) StatusJSON {
		status := statusOf(x, r, judged)
		status.Platform = append(status.Platform, rows[egress.Key(&r.EgressRouter)]...)
		return status
	})}
}

func statusOf(x *snapshot.Index, r snapshot.Router, judged *check.Judgement) StatusJSON {
	address := egress.Address(&r.EgressRouter)
	state := judged.State(r)
	going := collect.Filter(x.AllPodsOf(r), func(p snapshot.Pod) bool { return p.Deleting })
	chain := []string{"network-attachment-definitions", "deployments", "pods", "services", "endpointslices", "networkpolicies"}
	pods, nad := x.PodsOf(r), nadOf(x, r)
	inPod := platform.Answer("")
	if len(pods) > 0 {
		inPod = rulesInPod(nad, judged.Progress(r).Rules)
	}
	return StatusJSON{
		Namespace: r.Namespace, Name: r.Name, Provisioner: r.Provisioner, Address: address.IP, Gateway: address.Gateway,
		Rules: rulesOf(r), RulesInPod: inPod, Ready: state == check.Ready, Reason: state, NAD: nad, Deployment: deploymentOf(x, r),
		Pods:     collect.Map(append(going, pods...), podOf),
		Services: collect.Map(x.ServicesOf(r), func(s snapshot.Service) ServiceStatus { return serviceOf(x, r, s) }),
		Policies: collect.Map(x.PoliciesOf(r), policyOf), Platform: []check.Row{}, Findings: append([]finding.Finding{}, judged.On(r)...),
		Unknown: collect.Filter(chain, func(resource string) bool { return x.UnknownOf(resource) != nil }),
	}
}

func policyOf(p snapshot.NetworkPolicy) PolicyStatus {
	return PolicyStatus{Name: p.Name, From: append([]string{}, p.From...)}
}

// rulesInPod says whether a pod runs its router's rules, which it reads from the NAD.
func rulesInPod(nad *NADStatus, rules check.Freshness) platform.Answer {
	switch {
	case nad == nil, nad.Differs, rules == check.Doubtful:
		return platform.Unknown
	case rules == check.Outdated:
		return platform.No
	}
	return platform.Yes
}

// rulesOf are the redirects of r as a person types them, the fallback last.
func rulesOf(r snapshot.Router) []string {
	out := collect.Map(egress.Rules(&r.EgressRouter), egress.FormatRule)
	if ip := egress.Fallback(&r.EgressRouter); ip != "" {
		out = append(out, "*="+ip)
	}
	return out
}

func nadOf(x *snapshot.Index, r snapshot.Router) *NADStatus {
	nad := x.NADOf(r)
	if nad == nil {
		return nil
	}
	status := &NADStatus{Name: nad.Name, Rules: []string{}}
	network, err := render.ReadNetwork(nad.Config)
	if err != nil {
		status.Differs, status.Error = true, err.Error()
		return status
	}
	status.Address, status.Gateway = strings.Join(network.Addresses, ","), network.Gateway
	status.Rules = append(status.Rules, network.Destinations...)
	status.Differs = !network.Equal(render.Want(&r.EgressRouter, r.Provisioner))
	return status
}

func deploymentOf(x *snapshot.Index, r snapshot.Router) *DeploymentStatus {
	d := x.DeploymentOf(r)
	if d == nil {
		return nil
	}
	return &DeploymentStatus{
		Name: d.Name, Replicas: d.Replicas, Updated: d.Updated, Available: d.Available, Strategy: d.Strategy, Failure: d.Failure,
		NodeSelector: d.Template.NodeSelector, FailoverAfter: failoverAfter(d), Routes: d.Routes, BlocksInbound: d.BlocksInbound,
		Images: collect.Map(d.Template.Containers, func(c corev1.Container) string { return c.Image }),
	}
}

// never is the time of a pod that stays bound to a lost node for good.
const never = "never"

// failoverAfter is the longer of the times that d's pods stay bound to a node that is not ready or not reachable, never
// where one has no end; "" where d says nothing of either.
func failoverAfter(d *snapshot.Deployment) string {
	var longest time.Duration
	said := false
	for _, key := range []string{corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable} {
		after, ends, own := d.Tolerated(corev1.Taint{Key: key, Effect: corev1.TaintEffectNoExecute})
		if !ends {
			return never
		}
		longest, said = max(longest, after), said || own
	}
	if !said {
		return ""
	}
	return longest.String()
}

func podOf(p snapshot.Pod) PodStatus {
	status := PodStatus{
		Name: p.Name, Node: p.Node, Ready: p.Ready, State: p.State, Deleting: p.Deleting, Since: p.Created,
		PodIP: p.PodIP, IP: p.IP, MAC: p.MAC,
	}
	if p.Ready && !p.ReadySince.IsZero() {
		status.Since = p.ReadySince
	}
	if !p.Ready && len(p.Events) > 0 {
		status.Event = p.Events[0].Reason + ": " + p.Events[0].Message
	}
	return status
}

func serviceOf(x *snapshot.Index, r snapshot.Router, service snapshot.Service) ServiceStatus {
	status := ServiceStatus{Name: service.Name, ClusterIP: service.ClusterIP, Ports: []PortStatus{}}
	for i, port := range service.Ports {
		arrives := port
		if i < len(service.TargetPorts) {
			arrives.Number = service.TargetPorts[i]
		}
		status.Ports = append(status.Ports, PortStatus{
			Name: fmt.Sprintf("%s-%d", strings.ToLower(string(port.Protocol)), port.Number), To: leadsTo(r, arrives),
		})
	}
	if x.UnknownOf("endpointslices") == nil {
		status.Endpoints = append([]string{}, x.EndpointsOf(service).Ready...)
	}
	return status
}

// leadsTo is where r sends what arrives at a port of its pod: the first rule that fits counts, and behind the
// rules of a standalone router its fallback IP. "" is nowhere; so is the port 0, a name that no pod of a
// router gives to a port.
func leadsTo(r snapshot.Router, port egress.Port) string {
	for _, rule := range egress.Rules(&r.EgressRouter) {
		if egress.PortOf(rule) == port {
			return net.JoinHostPort(rule.DestinationIP, strconv.Itoa(int(cmp.Or(rule.TargetPort, rule.Port))))
		}
	}
	if ip := egress.Fallback(&r.EgressRouter); ip != "" && r.Provisioner == egress.Standalone && port.Number != 0 {
		return net.JoinHostPort(ip, strconv.Itoa(int(port.Number)))
	}
	return ""
}
