package check

import (
	"strings"
	"testing"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

func unready(s *snapshot.Snapshot) {
	s.Pods[0].Ready, s.Pods[0].State, s.Pods[0].IP = false, "ContainerCreating", ""
}

func TestProgress(t *testing.T) {
	tests := []struct {
		name   string
		base   string
		change func(*snapshot.Snapshot)
		stage  Stage
		reason string
	}{
		{"serves", "operator", nil, StageServing, ""},
		{"no NAD, a minute after it was asked for", "operator", func(s *snapshot.Snapshot) {
			s.NADs, s.Deployments, s.Pods = nil, nil, nil
			s.Routers[0].Changed = s.Taken.Add(-time.Minute)
		}, StageNetwork, "the operator has not made NAD egress-router-cni-nad yet"},
		{"no NAD, hours after", "operator", func(s *snapshot.Snapshot) { s.NADs, s.Deployments, s.Pods = nil, nil, nil }, StageNetwork, "EGR220: the operator has not made NAD egress-router-cni-nad yet"},
		{"a spec that the operator cannot render", "operator", func(s *snapshot.Snapshot) {
			s.NADs, s.Deployments, s.Pods = nil, nil, nil
			s.Routers[0].Spec.Addresses[0].Gateway = ""
		}, StageNetwork, "the operator cannot render it: EGR103: "},
		{"a router that the operator refuses", "operator", func(s *snapshot.Snapshot) {
			s.NADs, s.Deployments, s.Pods = nil, nil, nil
			s.Cluster.NetworkOperator = &snapshot.Operator{Degraded: true, Message: "could not reconcile Egress Router billing/partner-a"}
		}, StageNetwork, "EGR204: ClusterOperator/network is Degraded: could not reconcile"},
		{"no NAD, standalone", "standalone", func(s *snapshot.Snapshot) { s.NADs = nil }, StageNetwork, "EGR211: NAD partner-a is gone"},
		{"another's NAD", "operator", func(s *snapshot.Snapshot) { s.NADs[0].Router = "partner-b" }, StageNetwork, "EGR211: NAD egress-router-cni-nad belongs to router partner-b"},
		{"an older NAD", "operator", func(s *snapshot.Snapshot) {
			s.NADs[0].Config = strings.Replace(s.NADs[0].Config, "8080", "8081", 1)
		}, StageNetwork, "EGR211: NAD egress-router-cni-nad does not say what the router asks for"},
		{"no Deployment", "standalone", func(s *snapshot.Snapshot) { s.Deployments, s.Pods = nil, nil }, StageDeployment, "EGR210: there is no Deployment partner-a"},
		{"no pod allowed", "standalone", func(s *snapshot.Snapshot) { s.Pods, s.Deployments[0].Failure = nil, "exceeded quota" }, StageDeployment, "EGR210: Deployment partner-a cannot make its pod: exceeded quota"},
		{"a template that nobody has seen", "standalone", func(s *snapshot.Snapshot) { s.Deployments[0].Observed = false }, StageDeployment, "Deployment partner-a has not made its pod yet"},
		{"a pod that waits", "operator", unready, StagePod, "EGR210: pod egress-router-cni-deployment-7d4b9c-x2x5f is not ready on node worker-1: ContainerCreating"},
		{"a pod that waits for seconds", "operator", func(s *snapshot.Snapshot) {
			unready(s)
			s.Pods[0].Created = s.Taken.Add(-time.Second)
		}, StagePod, "pod egress-router-cni-deployment-7d4b9c-x2x5f is not ready"},
		{"an ended pod beside one that serves", "operator", func(s *snapshot.Snapshot) {
			old := s.Pods[0]
			old.Name, old.Ready, old.Phase = "evicted", false, "Failed"
			s.Pods = append(s.Pods, old)
		}, StageServing, ""},
		{"a roll-out under way", "operator", func(s *snapshot.Snapshot) { s.Deployments[0].Current = 2 }, StageDeployment, "Deployment egress-router-cni-deployment is not available yet"},
		{"scaled down, with its pod still there", "operator", func(s *snapshot.Snapshot) { s.Deployments[0].Replicas = 0 }, StageDeployment, "Deployment egress-router-cni-deployment is scaled to 0"},
		{"no net1", "operator", func(s *snapshot.Snapshot) { s.Pods[0].IP, s.Pods[0].MAC = "", "" }, StageInterface, "EGR212: pod egress-router-cni-deployment-7d4b9c-x2x5f on node worker-1 runs without net1"},
		{"another address", "operator", func(s *snapshot.Snapshot) { s.Pods[0].IP = "192.168.12.100" }, StageInterface, "has 192.168.12.100 on net1, and the reserved address is 192.168.12.99"},
		{"no endpoint", "operator", func(s *snapshot.Snapshot) { s.Endpoints = nil }, StageService, "Service partner-a has no ready endpoint yet"},
		{"endpoints that may not be read", "operator", func(s *snapshot.Snapshot) {
			s.Endpoints, s.Unknown = nil, []snapshot.Unknown{{Resource: endpointsResource}}
		}, StageServing, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := decode(t, base(t, test.base))
			if test.change != nil {
				test.change(s)
			}
			got := Follow(s, s.Routers[0], Options{})
			if got.Stage != test.stage || !strings.Contains(got.Reason, test.reason) || (test.reason == "") != (got.Reason == "") {
				t.Errorf("stage %d, %q; want %d, %q", got.Stage, got.Reason, test.stage, test.reason)
			}
		})
	}
}

// A router is called Ready where it serves and no error holds against it, and nowhere else; a node on which its pod
// fails is none where it works.
func TestState(t *testing.T) {
	tests := []struct {
		name    string
		change  func(*snapshot.Snapshot)
		state   string
		reasons string
		here    platform.Answer
	}{
		{"serves", func(*snapshot.Snapshot) {}, Ready, "", platform.Yes},
		{"a warning", func(s *snapshot.Snapshot) { s.NADs[0].Router = "partner-z" }, Ready, "EGR211", platform.Yes},
		{"an address that is taken", func(s *snapshot.Snapshot) { s.Claims[0].Address = "192.168.12.99" }, stateDegraded, "EGR205", platform.Yes},
		{"an address of no node's network", func(s *snapshot.Snapshot) {
			for i := range s.Nodes {
				s.Nodes[i].Addresses, s.Nodes[i].CIDRs = []string{"10.0.0.7"}, []string{"10.0.0.7/24"}
			}
		}, stateDegraded, "EGR207", platform.No},
		{"a hanging pod", func(s *snapshot.Snapshot) {
			unready(s)
			s.Pods[0].Events = []snapshot.Event{{Reason: "FailedCreatePodSandBox", Message: maskedError}}
		}, "ContainerCreating", "EGR210", platform.No},
		{"a hanging pod of a NAD that differs", func(s *snapshot.Snapshot) {
			unready(s)
			s.NADs[0].Config = strings.Replace(s.NADs[0].Config, "8080", "8081", 1)
			s.Pods[0].Events = []snapshot.Event{{Reason: "FailedCreatePodSandBox", Message: maskedError}}
		}, "ContainerCreating", "EGR210,EGR211", platform.No},
		{"a new pod that the quota refuses, beside one that serves", func(s *snapshot.Snapshot) {
			s.Deployments[0].Updated, s.Deployments[0].Failure = 0, "exceeded quota"
		}, Ready, "", platform.Yes},
		{"a new pod that hangs on another node, beside one that serves", func(s *snapshot.Snapshot) {
			hangs := s.Pods[0]
			hangs.Name, hangs.Node, hangs.Ready, hangs.State, hangs.IP = "new", "worker-2", false, "ContainerCreating", ""
			hangs.Events = []snapshot.Event{{Reason: "FailedCreatePodSandBox", Message: maskedError}}
			s.Pods = append(s.Pods, hangs)
		}, stateDegraded, "EGR210", platform.Yes},
		{"a pod that starts", func(s *snapshot.Snapshot) {
			unready(s)
			s.Pods[0].Created = s.Taken.Add(-time.Second)
		}, "ContainerCreating", "", platform.Unknown},
		{"no net1", func(s *snapshot.Snapshot) { s.Pods[0].IP = "" }, "NoNet1", "EGR212", platform.No},
		{"no endpoint", func(s *snapshot.Snapshot) { s.Endpoints = nil }, "NoEndpoint", "", platform.Yes},
		{"pods that may not be read", func(s *snapshot.Snapshot) {
			s.Pods, s.Unknown = nil, []snapshot.Unknown{{Resource: podsResource}}
		}, Unknown, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := decode(t, base(t, "operator"))
			test.change(s)
			judged := Judge(s, Options{})
			var reasons []string
			for _, code := range judged.Reasons(s.Routers[0]) {
				reasons = append(reasons, string(code))
			}
			var here platform.Answer
			for _, row := range judged.Matrix.Rows {
				if row.Active {
					here = row.Works
				}
			}
			if state := judged.State(s.Routers[0]); state != test.state || strings.Join(reasons, ",") != test.reasons || here != test.here {
				t.Errorf("%s, %q, %q where its pod is; want %s, %q, %q", state, reasons, here, test.state, test.reasons, test.here)
			}
		})
	}
}

func TestNames(t *testing.T) {
	r := decode(t, base(t, "operator")).Routers[0]
	for message, want := range map[string]bool{
		"could not reconcile Egress Router billing/partner-a: no gateway": true,
		"router \"partner-a\" in namespace \"billing\".":                  true,
		"could not reconcile billing/partner-ab":                          false,
		"could not reconcile old-billing/partner-a":                       false,
		"DaemonSet multus is not available":                               false,
	} {
		if got := names(message, r); got != want {
			t.Errorf("%q: got %t", message, got)
		}
	}
}
