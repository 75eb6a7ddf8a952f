package egress

import "fmt"

// Provisioner says who makes the NAD and the Deployment of a router.
type Provisioner string

const (
	// Auto is Operator where the EgressRouter API is served, or where no cluster is asked, else Standalone.
	Auto Provisioner = "auto"
	// Operator leaves NAD and Deployment to the Cluster Network Operator, which makes them of the EgressRouter.
	Operator Provisioner = "operator"
	// Standalone makes NAD and Deployment itself, under the router's own name.
	Standalone Provisioner = "standalone"
)

// ParseProvisioner reads a --provisioner value.
func ParseProvisioner(s string) (Provisioner, error) {
	switch p := Provisioner(s); p {
	case Auto, Operator, Standalone:
		return p, nil
	default:
		return "", fmt.Errorf("--provisioner %q is unknown: write auto, operator or standalone", s)
	}
}

// Offline is p where no cluster can be asked.
func (p Provisioner) Offline() Provisioner {
	if p == Auto {
		return Operator
	}
	return p
}

// Other is the other of the two provisioners that make routers.
func (p Provisioner) Other() Provisioner {
	if p == Standalone {
		return Operator
	}
	return Standalone
}

// PodLabels are labels that the pods of the router name carry, and that a Service selects them by.
func (p Provisioner) PodLabels(name string) map[string]string {
	if p == Standalone {
		return map[string]string{LabelName: NameValue, LabelInstance: name}
	}
	return map[string]string{"app": OperatorApp}
}

// NADName is the name of the NetworkAttachmentDefinition of the router name.
func (p Provisioner) NADName(name string) string {
	if p == Standalone {
		return name
	}
	return OperatorNAD
}

// DeploymentName is the name of the Deployment of the router name.
func (p Provisioner) DeploymentName(name string) string {
	if p == Standalone {
		return name
	}
	return OperatorDeployment
}
