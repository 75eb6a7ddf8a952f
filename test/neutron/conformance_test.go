//go:build openstack

package neutron

import (
	"testing"

	"github.com/kubectl-egress/kubectl-egress/test/neutron/conformance"
)

// TestConformance asks a real Neutron what the rest of the project takes for granted.
func TestConformance(t *testing.T) {
	n := start(t, Options{Nodes: 4, Trunk: true})
	conformance.Run(t, target(t, n))
}
