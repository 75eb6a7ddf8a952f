// Package templates holds the YAML skeletons that render fills. Each is valid YAML and says what every
// router of this tool has in common; whatever a user gives is set on the typed object made from it.
package templates

import _ "embed"

// The skeletons, by the kind that they are of.
var (
	//go:embed deployment.yaml
	Deployment string
	//go:embed service.yaml
	Service string
	//go:embed nad.yaml
	NAD string
	//go:embed networkpolicy.yaml
	NetworkPolicy string
	// InitContainers is a list of containers of a pod.
	//go:embed initcontainers.yaml
	InitContainers string
)
