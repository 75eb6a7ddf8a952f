package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/xlab/treeprint"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// part is where in the tree a finding belongs.
type part int

const (
	atTop part = iota
	atNAD
	atDeployment
	atPod
	atService
	atPolicies
	atPlatform
)

// partOf is where a finding of code belongs.
func partOf(code finding.Code) part {
	if strings.HasPrefix(string(code), "EGR3") || strings.HasPrefix(string(code), "EGR4") {
		return atPlatform
	}
	return map[finding.Code]part{
		finding.NADDiffers:  atNAD,
		finding.PodSecurity: atDeployment,
		finding.PodHangs:    atPod, finding.NoNet1: atPod, finding.TwoHolders: atPod, finding.OldRules: atPod,
		finding.ServicePorts: atService, finding.NoService: atService,
		finding.OpenToAll:     atPolicies,
		finding.NodeReadiness: atPlatform,
	}[code]
}

// lacking is what is said of a part of s that is not there: that it is unknown, or that there is none.
func lacking(s StatusJSON, resource, none string) string {
	if slices.Contains(s.Unknown, resource) {
		return "unknown, because reading " + resource + " is forbidden"
	}
	return none
}

func nadText(s StatusJSON) string {
	nad := s.NAD
	if nad == nil {
		return "NAD: " + lacking(s, "network-attachment-definitions", "none")
	}
	if nad.Error != "" {
		return say("NAD %s: %s", nad.Name, nad.Error)
	}
	text := say("NAD %s: %s via %s, %s", nad.Name, orNone(nad.Address), orNone(nad.Gateway), finding.Count(len(nad.Rules), "rule"))
	if nad.Differs {
		text += ", differs from what the router asks for"
	}
	return text
}

func deploymentText(s StatusJSON) string {
	d := s.Deployment
	if d == nil {
		return "Deployment: " + lacking(s, "deployments", "none")
	}
	text := say("Deployment %s: %d/%d available, %s, %s", d.Name, d.Available, d.Replicas, orNone(d.Strategy), orNone(strings.Join(d.Images, ", ")))
	if len(d.NodeSelector) > 0 {
		text += say(", on nodes with %s", labels.FormatLabels(d.NodeSelector))
	}
	switch d.FailoverAfter {
	case "":
	case never:
		text += ", no failover"
	default:
		text += say(", failover after %s", d.FailoverAfter)
	}
	if len(d.Routes) > 0 {
		text += say(", routes on eth0 to %s", strings.Join(d.Routes, ", "))
	}
	if d.BlocksInbound {
		text += say(", nothing inbound by %s", egress.Interface)
	}
	if d.Failure != "" {
		text += say(", %s", d.Failure)
	}
	return text
}

func (t treeWriter) pods(root treeprint.Tree, s StatusJSON, found []finding.Finding) {
	if len(s.Pods) == 0 {
		t.findings(root.AddBranch("Pod: "+lacking(s, "pods", "none")), found)
	}
	for i, p := range s.Pods {
		state := p.State
		if p.Deleting {
			state += ", on its way out"
		}
		branch := root.AddBranch(say("Pod %s: %s on %s for %s", p.Name, state, orNone(p.Node), age(p.Since, t.now)))
		if p.PodIP != "" {
			branch.AddNode(say("eth0 %s", p.PodIP))
		}
		if p.IP != "" {
			branch.AddNode(say("%s %s, MAC %s", egress.Interface, p.IP, orNone(p.MAC)))
		}
		if p.Event != "" && len(found) == 0 {
			branch.AddNode(say("event %s", p.Event))
		}
		if i == len(s.Pods)-1 {
			t.findings(branch, found)
		}
	}
}

func (t treeWriter) services(root treeprint.Tree, s StatusJSON, found []finding.Finding) {
	if len(s.Services) == 0 {
		t.findings(root.AddBranch("Service: "+lacking(s, "services", "none")), found)
	}
	on := collect.By(found, func(f finding.Finding) int { return serviceOn(s.Services, f) })
	for i, service := range s.Services {
		endpoints := finding.Count(len(service.Endpoints), "endpoint")
		if service.Endpoints == nil {
			endpoints = "endpoints unknown"
		}
		branch := root.AddBranch(say("Service %s: %s, %s", service.Name, orNone(service.ClusterIP), endpoints))
		for _, port := range service.Ports {
			to := "nowhere: no rule redirects it"
			if port.To != "" {
				to = port.To + provided(s)
			}
			branch.AddNode(say("%s -> %s", port.Name, to))
		}
		t.findings(branch, on[i])
	}
}

// provided is what the destinations of a Service still hang on, which are those that the router asks for; "" for nothing.
func provided(s StatusJSON) string {
	switch {
	case s.RulesInPod == platform.No:
		return ", once the pod is restarted: see " + string(finding.OldRules)
	case s.RulesInPod == platform.Unknown && s.NAD != nil && s.NAD.Differs:
		return ", if the pod runs these rules: see " + string(finding.NADDiffers)
	case s.RulesInPod == platform.Unknown && s.NAD != nil:
		return ", if the pod runs these rules: see " + string(finding.OldRules)
	}
	return ""
}

// serviceOn returns the place of the Service that f is about: the first that its message names, else the one that its
// fix would change, else the last.
func serviceOn(services []ServiceStatus, f finding.Finding) int {
	for _, text := range append([]string{f.Message}, f.Commands...) {
		words := strings.Fields(text)
		for i, service := range services {
			for j, word := range words[:max(len(words)-1, 0)] {
				if (word == "Service" || word == "--name") && words[j+1] == service.Name {
					return i
				}
			}
		}
	}
	return len(services) - 1
}

func (t treeWriter) policies(root treeprint.Tree, s StatusJSON, found []finding.Finding) {
	if len(s.Policies) == 0 {
		t.findings(root.AddBranch("NetworkPolicy: "+lacking(s, "networkpolicies", "none, so every pod of the cluster may use it")), found)
	}
	for i, p := range s.Policies {
		branch := root.AddBranch(say("NetworkPolicy %s: allows %s", p.Name, cmp.Or(strings.Join(p.From, ", "), "nobody")))
		if i == len(s.Policies)-1 {
			t.findings(branch, found)
		}
	}
}

// platform says of how many nodes the router would work on; by name are those of which it is not so, and
// the one with the pod.
func (t treeWriter) platform(root treeprint.Tree, s StatusJSON, found []finding.Finding) {
	if len(s.Platform) == 0 {
		t.findings(root, found)
		return
	}
	working, unknown := 0, 0
	var here, others []string
	for _, row := range s.Platform {
		switch answerOf(row) {
		case platform.Yes:
			working++
		case platform.Unknown:
			unknown++
		}
		switch {
		case row.Active:
			here = append(here, nodeText(row))
		case row.Works != platform.Yes:
			others = append(others, nodeText(row))
		}
	}
	texts := slices.Concat(here, others)
	branch := root.AddBranch(worksOn(working, unknown, len(s.Platform)))
	for _, text := range texts[:min(len(texts), mostNodes)] {
		branch.AddNode(text)
	}
	if rest := len(texts) - mostNodes; rest > 0 {
		branch.AddNode(fmt.Sprintf("and %d more on which it would not, or it is not known", rest))
	}
	t.findings(branch, found)
}

// worksOn says on how many nodes a router works. What is not known is not counted as a no.
func worksOn(works, unknown, all int) string {
	switch unknown {
	case 0:
		return fmt.Sprintf("Nodes: works on %d of %d", works, all)
	case all:
		return fmt.Sprintf("Nodes: unknown for all %d", all)
	}
	return fmt.Sprintf("Nodes: works on %d of %d; unknown for %d", works, all, unknown)
}

// nodeText is one node of a router's.
func nodeText(row check.Row) string {
	text := row.Node
	if row.Active {
		text += " (the pod is here)"
	}
	text += ": " + string(answerOf(row))
	if row.Allowed != "" {
		text += ", the platform allows it: " + string(row.Allowed)
	}
	if len(row.Why) > 0 {
		text += ": " + strings.Join(row.Why, "; ")
	}
	return finding.Printable(text)
}
