package check

import (
	"slices"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Unfit says why no platform is to be changed for r: its address is not one that it can have, or not its own, or what its pod
// shows is not the router's. "" where nothing speaks against it. What the missing permission causes, and what is wrong with its
// pod or its Service, does not: a failover is when the permission is needed most. granted says which routers have their
// address by a grant. What other tenants write keeps nothing from those, and a rival without a grant nothing from anybody.
func (j *Judgement) Unfit(r snapshot.Router, granted func(router string) bool) string {
	for _, f := range j.On(r) {
		if j.speaksAgainst(r, f, granted) {
			return string(f.Code) + ": " + f.Message
		}
	}
	if err := platform.Identity(j.index, r); err != nil {
		return err.Error()
	}
	return ""
}

func (j *Judgement) speaksAgainst(r snapshot.Router, f finding.Finding, granted func(router string) bool) bool {
	if f.Level != finding.Error {
		return false
	}
	key := egress.Key(&r.EgressRouter)
	switch f.Code {
	case finding.NoPrefix, finding.UnusableAddress, finding.NoGateway, finding.GatewayElsewhere, finding.IPv6, finding.BadMode, finding.NoAddress,
		finding.UserNetwork:
		return true
	case finding.NADDiffers:
		return j.index.NADOf(r) == nil
	case finding.AddressTaken:
		return !granted(key) || j.surelyTaken[keyOf(r)]
	case finding.SharedAddress:
		return j.olderRival(r, granted)
	}
	return false
}

// olderRival reports whether another router has r's address by an older claim: a grant first, and then its age.
func (j *Judgement) olderRival(r snapshot.Router, granted func(router string) bool) bool {
	address, key := egress.ReservedIP(&r.EgressRouter), egress.Key(&r.EgressRouter)
	return slices.ContainsFunc(j.index.Routers, func(other snapshot.Router) bool {
		rival := egress.Key(&other.EgressRouter)
		if rival == key || egress.ReservedIP(&other.EgressRouter) != address {
			return false
		}
		if has := granted(key); has != granted(rival) {
			return !has
		}
		age := other.CreationTimestamp.Compare(r.CreationTimestamp.Time)
		return age < 0 || age == 0 && rival < key
	})
}
