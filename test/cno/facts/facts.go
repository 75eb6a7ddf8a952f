// Package facts is what OpenShift's Cluster Network Operator does with egress routers, as seen on its unmodified code:
// names, texts and times. The operator's stand-in plays by them, and the checks are tried with them.
package facts

import (
	"encoding/json"
	"fmt"
	"strings"

	netopv1 "github.com/openshift/api/networkoperator/v1"
)

const (
	// FieldManager is the name under which the operator applies: its own and its controller's.
	FieldManager = "cluster-network-operator/egress_router"
	// OperatorNamespace is where the operator runs, unless the cluster is hosted.
	OperatorNamespace = "openshift-network-operator"
	// OperatorDeployment is its Deployment there: a roll-out of it restarts the operator.
	OperatorDeployment = "network-operator"
	// NADName is the same in every namespace, whatever its routers are called.
	NADName = "egress-router-cni-nad"
	// DeploymentName is too.
	DeploymentName = "egress-router-cni-deployment"
	// Label is the name of the only label of the Deployment and its pods, and of its selector.
	Label = "app"
	// LabelValue is the value of Label.
	LabelValue = "egress-router-cni"

	// ReleaseAnnotation on NAD and Deployment holds OpenShift's release: each upgrade writes both.
	ReleaseAnnotation = "release.openshift.io/version"
	// WorkloadAnnotation on the pod template has the value Workload.
	WorkloadAnnotation = "target.workload.openshift.io/management"
	// Workload is the value of WorkloadAnnotation.
	Workload = `{"effect": "PreferredDuringScheduling"}`
)

// Networks is the annotation of the pod template that has Multus attach the NAD.
func Networks(gateway string) string {
	return fmt.Sprintf("[\n  {\n    \"name\":%q,\n    \"default-route\": [%q]\n  }\n]\n", NADName, gateway)
}

// config is the CNI configuration in the order in which the operator writes it.
type config struct {
	CNIVersion string `json:"cniVersion"`
	Type       string `json:"type"`
	Name       string `json:"name"`
	IP         ip     `json:"ip"`
	LogFile    string `json:"log_file"`
	LogLevel   string `json:"log_level"`
}

type ip struct {
	Addresses    []string `json:"addresses"`
	Destinations []string `json:"destinations"`
	FallbackIP   string   `json:"fallbackIP,omitempty"` // the plugin knows no such field
	Gateway      string   `json:"gateway"`
}

// NADConfig is the CNI configuration in the NAD of a router, over many lines as the operator writes it.
func NADConfig(router *netopv1.EgressRouterSpec) (string, error) {
	redirect := router.Redirect
	if redirect == nil {
		redirect = &netopv1.RedirectConfig{}
	}
	text, err := json.MarshalIndent(config{
		CNIVersion: "0.4.0",
		Type:       "egress-router",
		Name:       NADName,
		IP: ip{
			Addresses:    []string{router.Addresses[0].IP},
			Destinations: destinations(redirect.RedirectRules),
			FallbackIP:   redirect.FallbackIP,
			Gateway:      router.Addresses[0].Gateway,
		},
		LogFile:  "/tmp/egress-router-log",
		LogLevel: "debug",
	}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("rendering the CNI configuration: %w", err)
	}
	return string(text), nil
}

// destinations are the rules in the plugin's notation: port, protocol, IP and, if given, target port.
func destinations(rules []netopv1.L4RedirectRule) []string {
	out := make([]string, 0, len(rules)) // not nil: no rules are [], not null
	for _, rule := range rules {
		fields := []string{fmt.Sprint(rule.Port), string(rule.Protocol), rule.DestinationIP}
		if rule.TargetPort != 0 {
			fields = append(fields, fmt.Sprint(rule.TargetPort))
		}
		out = append(out, strings.Join(fields, " "))
	}
	return out
}
