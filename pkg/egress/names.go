// Package egress says what an egress router is: its redirect rules and their notations, its
// addresses, its names and its MAC. It is pure: no network, no files, no clock.
package egress

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Names that the Cluster Network Operator gives to what it makes of an EgressRouter. They are fixed,
// which is why only one operator-managed router fits a namespace.
const (
	OperatorNAD        = "egress-router-cni-nad"
	OperatorDeployment = "egress-router-cni-deployment"
	// OperatorApp is the value of the label "app" on the operator's Deployment and its pods.
	OperatorApp = "egress-router-cni"
)

// Labels of everything that this tool makes.
const (
	LabelName      = "app.kubernetes.io/name"
	LabelInstance  = "app.kubernetes.io/instance"
	LabelManagedBy = "app.kubernetes.io/managed-by"

	// LabelRecord is on the ConfigMaps in which it is recorded what was written to a platform.
	LabelRecord = "kubectl-egress.io/record"

	// NameValue is the value of LabelName.
	NameValue = "egress-router"
	// ManagedByValue is the value of LabelManagedBy, and the default field manager.
	ManagedByValue = "kubectl-egress"
	// Namespace is where administrators, and sync, keep what no tenant may write.
	Namespace = "kubectl-egress"
)

// Annotations of this tool, and those of Multus that it reads and writes.
const (
	// AnnotationRouter holds, on a standalone Deployment, its EgressRouter as JSON.
	AnnotationRouter = "kubectl-egress.io/router"
	// AnnotationNADHash holds, on a pod template, the stamp of the NAD that its pods start with.
	AnnotationNADHash = "kubectl-egress.io/nad-hash"
	// AnnotationRules holds, on an EgressRouter whose rules this tool has changed while it was there, the hash of the
	// rules asked for, which its pod must have started with.
	AnnotationRules = "kubectl-egress.io/rules-hash"
	// AnnotationDeployment holds, on an EgressRouter, what was asked of the Deployment that the operator makes of it, which
	// the operator knows nothing of.
	AnnotationDeployment = "kubectl-egress.io/deployment"
	// AnnotationOpenStack is where the pairs that were written for a router were recorded on it, where its owner could
	// forge them. It is ignored.
	AnnotationOpenStack = "kubectl-egress.io/openstack"
	// AnnotationPrefix begins the annotations of this tool.
	AnnotationPrefix = "kubectl-egress.io/"

	// AnnotationNetworks asks Multus for secondary networks.
	AnnotationNetworks = "k8s.v1.cni.cncf.io/networks"
	// AnnotationNetworkStatus is where Multus says what a pod got.
	AnnotationNetworkStatus = "k8s.v1.cni.cncf.io/network-status"
)

// Interface is the name of the macvlan interface in the router's pod.
const Interface = "net1"

// ValidateName says why name cannot be a router's name, or nil. It is also the Service's name,
// so it must be a DNS-1035 label.
func ValidateName(name string) error {
	problems := validation.IsDNS1035Label(name)
	if len(problems) == 0 {
		return nil
	}
	if length := utf8.RuneCountInString(name); length > validation.DNS1035LabelMaxLength {
		return fmt.Errorf("name %q has %d characters: it is also the Service's name, which has at most %d",
			name, length, validation.DNS1035LabelMaxLength)
	}
	return fmt.Errorf("name %q cannot be used: it is also the Service's name, so write lower-case letters, digits and '-', "+
		"beginning with a letter and ending with a letter or digit, such as %q", name, suggestName(name))
}

// suggestName makes the nearest valid name that a person might have meant.
func suggestName(name string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		default:
			return '-'
		}
	}, name)
	clean = strings.Trim(clean, "-")
	if clean == "" {
		return "partner-a"
	}
	if clean[0] >= '0' && clean[0] <= '9' {
		clean = "router-" + clean
	}
	if len(clean) > validation.DNS1035LabelMaxLength {
		clean = strings.TrimRight(clean[:validation.DNS1035LabelMaxLength], "-")
	}
	return clean
}

// Labels are the labels of everything made for the router name.
func Labels(name string) map[string]string {
	return map[string]string{
		LabelName:      NameValue,
		LabelInstance:  name,
		LabelManagedBy: ManagedByValue,
	}
}
