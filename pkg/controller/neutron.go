package controller

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
)

// neutron is the work on OpenStack: it keeps Neutron in step with pods that move.
type neutron struct {
	*Syncer
	cloud *openstack.Cloud

	// The Syncer's lock guards these.
	// records are what was last recorded on routers, until the Mirror shows it.
	records map[types.UID]written
	// orphans are routers that are gone and that pairs were recorded on.
	orphans map[types.UID]orphan
	// heard is when there was first news of a router that no pass has seen yet.
	heard map[string]time.Time
	// moved is when it was first seen that a router's frames leave elsewhere, until that is in step.
	moved map[string]time.Time

	// The rest belongs to the loop.
	// placed is where the frames of each router leave.
	placed map[string]string
	// tried is what the last pass has left.
	tried *view
}

func newNeutron(s *Syncer) *neutron {
	return &neutron{Syncer: s, records: map[types.UID]written{}, orphans: map[types.UID]orphan{},
		heard: map[string]time.Time{}, moved: map[string]time.Time{}, placed: map[string]string{}}
}

// rest does nothing: a token of Keystone's ends by itself.
func (s *neutron) rest(context.Context) {}
