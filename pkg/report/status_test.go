package report

import (
	"strings"
	"testing"
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"github.com/xlab/treeprint"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// noon is when the statuses of the tests are taken.
func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// operatorRouter is one in namespace billing, with rules of three kinds.
func operatorRouter() snapshot.Router {
	r := snapshot.Router{Provisioner: egress.Operator}
	r.Namespace, r.Name = "billing", "partner-a"
	r.Spec.Addresses = []nov1.EgressRouterAddress{{IP: "192.168.12.99/24", Gateway: "192.168.12.1"}}
	r.Spec.Redirect = &nov1.RedirectConfig{FallbackIP: "203.0.113.1", RedirectRules: []nov1.L4RedirectRule{
		{Port: 8080, Protocol: "TCP", DestinationIP: "203.0.113.26", TargetPort: 80},
		{Port: 80, Protocol: "UDP", DestinationIP: "10.100.3.0"},
		{Port: 8080, Protocol: "TCP", DestinationIP: "203.0.113.99"},
	}}
	return r
}

func standaloneRouter() snapshot.Router {
	r := operatorRouter()
	r.Provisioner, r.Namespace, r.Name = egress.Standalone, "shop", "partner-b"
	r.Spec.Addresses[0].IP = "192.168.12.100/24"
	return r
}

const (
	operatorConfig = `{"cniVersion":"0.4.0","type":"egress-router","ip":{"addresses":["192.168.12.99/24"],"gateway":"192.168.12.1",
		"destinations":["8080 TCP 203.0.113.26 80","80 UDP 10.100.3.0","8080 TCP 203.0.113.99"]}}`
	standaloneConfig = `{"plugins":[{"type":"egress-router","ip":{"addresses":["192.168.12.100/24"],"gateway":"192.168.12.1",
		"destinations":["8080 TCP 203.0.113.26 80","80 UDP 10.100.3.0","8080 TCP 203.0.113.99","203.0.113.1"]}}]}`
)

// healthy is a cluster with a router of each provisioner, both of which work.
func healthy() *snapshot.Snapshot {
	container := corev1.PodSpec{Containers: []corev1.Container{{Image: "registry.k8s.io/pause:3.10"}}}
	half := int64(30)
	movable := *container.DeepCopy()
	movable.NodeSelector = map[string]string{"egress": "yes", "zone": "b"}
	movable.Tolerations = []corev1.Toleration{
		{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &half},
		{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &half},
	}
	pod := func(namespace, name, ip, mac string, labels map[string]string) snapshot.Pod {
		return snapshot.Pod{Namespace: namespace, Name: name, Labels: labels, Created: noon().Add(-4 * time.Hour), ReadySince: noon().Add(-3 * time.Hour),
			Ready: true, State: "Running", Node: "worker-1", PodIP: "10.128.2.7", IP: ip, MAC: mac}
	}
	return &snapshot.Snapshot{
		Routers: []snapshot.Router{operatorRouter(), standaloneRouter()},
		NADs: []snapshot.NAD{
			{Namespace: "billing", Name: egress.OperatorNAD, Config: operatorConfig},
			{Namespace: "shop", Name: "partner-b", Config: standaloneConfig},
		},
		Deployments: []snapshot.Deployment{
			{Namespace: "billing", Name: egress.OperatorDeployment, Replicas: 1, Updated: 1, Available: 1, Strategy: "RollingUpdate", Template: container},
			{Namespace: "shop", Name: "partner-b", Replicas: 1, Updated: 1, Available: 1, Strategy: "Recreate", Template: movable,
				Routes: []string{"10.128.0.0/14", "172.30.0.0/16"}},
		},
		Pods: []snapshot.Pod{
			pod("billing", "router-1", "192.168.12.99", "02:00:00:00:00:01", map[string]string{"app": egress.OperatorApp}),
			pod("shop", "partner-b-1", "192.168.12.100", "02:e6:c0:a8:0c:64", egress.Labels("partner-b")),
		},
		Services: []snapshot.Service{
			{Namespace: "billing", Name: "partner-a", ClusterIP: "172.30.1.2", Selector: map[string]string{"app": egress.OperatorApp},
				Ports: []egress.Port{{Number: 8080, Protocol: "TCP"}, {Number: 80, Protocol: "UDP"}}, TargetPorts: []int32{8080, 80}},
			{Namespace: "shop", Name: "by-hand", ClusterIP: "172.30.1.3", Selector: egress.Labels("partner-b"),
				Ports: []egress.Port{{Number: 443, Protocol: "TCP"}, {Number: 81, Protocol: "TCP"}, {Number: 82, Protocol: "TCP"}}, TargetPorts: []int32{8080, 9, 0}},
		},
		Endpoints: []snapshot.Endpoints{{Namespace: "billing", Service: "partner-a", Ready: []string{"10.128.2.7"}}},
		NetworkPolicies: []snapshot.NetworkPolicy{
			{Namespace: "billing", Name: "clients", From: []string{"pods app=x in namespaces team=y", "10.0.0.0/8"}},
			{Namespace: "shop", Name: "closed", Pods: metav1.LabelSelector{MatchLabels: map[string]string{egress.LabelInstance: "partner-b"}}},
		},
	}
}

// broken is healthy with a fault in every part of the first router's chain, and the findings on them.
func broken() (*snapshot.Snapshot, []finding.Finding, *check.Matrix) {
	s := healthy()
	s.NADs[0].Config = strings.Replace(operatorConfig, "203.0.113.26", "203.0.113.27", 1)
	s.Deployments[0].Available, s.Deployments[0].Failure = 0, "pods is forbidden: violates PodSecurity"
	going := s.Pods[0]
	going.Name, going.Deleting = "router-2", true
	s.Pods[0].Ready, s.Pods[0].State, s.Pods[0].IP, s.Pods[0].MAC, s.Pods[0].PodIP = false, "ContainerCreating (why)", "", "", ""
	s.Pods[0].Events = []snapshot.Event{{Reason: "FailedCreatePodSandBox", Message: "unexpected end of JSON input"}}
	s.Pods = append(s.Pods, going)
	s.Services[0].Ports = append(s.Services[0].Ports, egress.Port{Number: 9, Protocol: "SCTP"})
	s.NetworkPolicies = s.NetworkPolicies[1:]
	on := func(code finding.Code, level finding.Level, message string) finding.Finding {
		return finding.Finding{Code: code, Level: level, Object: "billing/partner-a", Message: message, Why: "why", Fix: "fix", Commands: []string{}}
	}
	findings := []finding.Finding{
		on(finding.DuplicateRule, finding.Error, "two rules for 8080/tcp"), on(finding.NADDiffers, finding.Warning, "the NAD differs"),
		on(finding.PodSecurity, finding.Error, "the pod is rejected"), on(finding.PodHangs, finding.Error, "the pod hangs"),
		on(finding.ServicePorts, finding.Warning, "port 9/sctp leads nowhere"), on(finding.OpenToAll, finding.Info, "every pod may use it"),
		on(finding.NodeReadiness, finding.Warning, "it would not work on worker-2"), on(finding.PairMissing, finding.Error, "the pair is missing"),
		{Code: finding.NoMacvlan, Level: finding.Error, Object: "cluster", Message: "AWS drops macvlan"},
		{Code: finding.NoService, Level: finding.Info, Object: "shop/elsewhere", Message: "not asked for"},
	}
	return s, findings, &check.Matrix{Rows: []check.Row{
		{Router: "billing/partner-a", Node: "a-spare", Works: platform.Yes, Allowed: platform.Yes},
		{Router: "billing/partner-a", Node: "b-lost", Works: platform.No, Why: []string{"it is not Ready: gone for 3h"}},
		{Router: "billing/partner-a", Node: "worker-1", Active: true, Works: platform.No, Allowed: platform.No, Why: []string{"EGR302: the pair is missing"}},
		{Router: "shop/partner-b", Node: "worker-1", Active: true, Works: platform.Yes},
	}}
}

func judged(s *snapshot.Snapshot, findings []finding.Finding, matrix *check.Matrix) *check.Judgement {
	if matrix == nil {
		matrix = &check.Matrix{}
	}
	return check.NewJudgement(s, findings, *matrix)
}

func tree(t *testing.T, l StatusList, colour bool) string {
	t.Helper()
	var b strings.Builder
	if err := l.Tree(&b, noon(), colour); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestStatusTree(t *testing.T) {
	s := healthy()
	golden(t, "status.operator", tree(t, Status(s, s.Routers[:1], judged(s, nil, nil)), false))
	golden(t, "status.standalone", tree(t, Status(s, s.Routers[1:], judged(s, nil, nil)), false))
	golden(t, "status.healthy", tree(t, Status(s, s.Routers, judged(s, nil, nil)), false))
	s, findings, matrix := broken()
	golden(t, "status.broken", tree(t, Status(s, s.Routers, judged(s, findings, matrix)), false))
	golden(t, "status.bare", tree(t, Status(&snapshot.Snapshot{}, s.Routers[:1], judged(&snapshot.Snapshot{}, nil, nil)), false))
	golden(t, "status.none", tree(t, Status(s, nil, judged(s, nil, nil)), false))
}

func TestStatusJSON(t *testing.T) {
	s, findings, matrix := broken()
	var b strings.Builder
	if err := WriteJSON(&b, Status(s, s.Routers, judged(s, findings, matrix))); err != nil {
		t.Fatal(err)
	}
	golden(t, "status.json", b.String())
}

// What is forbidden is neither there nor missing.
func TestStatusUnknown(t *testing.T) {
	s := &snapshot.Snapshot{}
	for _, resource := range []string{"network-attachment-definitions", "deployments", "pods", "services", "endpointslices", "networkpolicies"} {
		s.Unknown = append(s.Unknown, snapshot.Unknown{Resource: resource, Namespace: "billing", Reason: "forbidden"})
	}
	got := Status(s, []snapshot.Router{operatorRouter()}, judged(s, nil, nil))
	golden(t, "status.unknown", tree(t, got, false))
	if got := got.Routers[0]; got.Ready || got.Reason != "Unknown" || len(got.Unknown) != 6 {
		t.Errorf("ready %t, reason %s, unknown %s", got.Ready, got.Reason, got.Unknown)
	}
}

// Green is what has nothing to fix.
func TestStatusColours(t *testing.T) {
	ready := healthy()
	warning := []finding.Finding{{Code: finding.OldRules, Level: finding.Warning, Object: "billing/partner-a", Message: "older rules", Commands: []string{}}}
	if got := tree(t, Status(ready, ready.Routers[:1], judged(ready, warning, nil)), true); !strings.Contains(got, "\x1b[33mReady\x1b[0") {
		t.Errorf("a ready router with a warning is not yellow in %q", got)
	}
	s, findings, matrix := broken()
	got := tree(t, Status(s, s.Routers, judged(s, findings, matrix)), true)
	for _, want := range []string{"\x1b[31mContainerCreating\x1b[0", "\x1b[32mReady\x1b[0", "\x1b[31merror\x1b[0", "\x1b[33mwarning\x1b[0"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
}

// Nothing that a cluster holds reaches the terminal as more than text.
func TestStatusTreeObeysNothing(t *testing.T) {
	s, findings, matrix := broken()
	r := &s.Routers[0]
	r.Spec.Addresses[0].IP, r.Spec.Addresses[0].Gateway = evil, evil
	r.Spec.Redirect.RedirectRules[0].DestinationIP = evil
	s.Pods[1].State, s.Pods[1].Node, s.Pods[1].PodIP, s.Pods[1].IP, s.Pods[1].MAC = evil, evil, evil, evil, evil
	s.Deployments[0].Failure, s.Deployments[0].Strategy, s.Deployments[0].Template.Containers[0].Image = evil, evil, evil
	s.Services[0].ClusterIP, s.NADs[0].Config = evil, `{"type":"egress-router","ip":{"addresses":["\u001b[2J"],"gateway":"\u009b"}}`
	s.NetworkPolicies = append(s.NetworkPolicies, snapshot.NetworkPolicy{Namespace: "billing", Name: evil, From: []string{evil}})
	for i, f := range findings {
		findings[i] = finding.New(f.Code, f.Object, evil, evil, evil)
	}
	for i := range matrix.Rows {
		matrix.Rows[i].Node, matrix.Rows[i].Why = evil, []string{evil}
	}
	got := tree(t, Status(s, s.Routers, judged(s, findings, matrix)), false)
	for _, r := range got {
		if r != '\n' && finding.Printable(string(r)) != string(r) {
			t.Errorf("%U gets through", r)
		}
	}
	if !strings.Contains(got, `\x1b[2J`) {
		t.Errorf("the address is not shown in %s", got)
	}
}

// A finding on a Service is under the one that it names, whatever comes after that.
func TestServiceFindings(t *testing.T) {
	services := []ServiceStatus{{Name: "partner-a"}, {Name: "partner-a-web", Endpoints: []string{"10.128.2.7"}}, {Name: "last"}}
	on := func(message, command string) finding.Finding {
		return finding.New(finding.ServicePorts, "billing/partner-a", message, "", "", command)
	}
	writer := treeWriter{now: noon()}
	for name, test := range map[string]struct {
		findings []finding.Finding
		want     string
	}{
		"named": {[]finding.Finding{on("Service partner-a-web port 81/tcp: no rule redirects it", "")}, `.
├── Service partner-a: <none>, endpoints unknown
├── Service partner-a-web: <none>, 1 endpoint
│   └── warning EGR209: Service partner-a-web port 81/tcp: no rule redirects it
└── Service last: <none>, endpoints unknown
`},
		"two": {[]finding.Finding{
			on("Service last port 81/tcp: no rule redirects it", ""),
			on("no Service has a port for the rule on 80/udp", "kubectl egress expose partner-a -n billing --name partner-a"),
		}, `.
├── Service partner-a: <none>, endpoints unknown
│   └── warning EGR209: no Service has a port for the rule on 80/udp
├── Service partner-a-web: <none>, 1 endpoint
└── Service last: <none>, endpoints unknown
    └── warning EGR209: Service last port 81/tcp: no rule redirects it
`},
		"none named": {[]finding.Finding{on("no Service has a port for the rule on 80/udp", "--name partner-b")}, `.
├── Service partner-a: <none>, endpoints unknown
├── Service partner-a-web: <none>, 1 endpoint
└── Service last: <none>, endpoints unknown
    └── warning EGR209: no Service has a port for the rule on 80/udp
`},
	} {
		root := treeprint.New()
		writer.services(root, StatusJSON{Services: services}, test.findings)
		if got := root.String(); got != test.want {
			t.Errorf("%s: got\n%swant\n%s", name, got, test.want)
		}
	}
}
