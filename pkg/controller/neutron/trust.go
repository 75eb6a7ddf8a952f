package neutron

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// errNotGranted is in the chain of the error of a router that may not have what it asks for.
var errNotGranted = errors.New("not granted")

// trust leaves out of s the routers that nothing is written for: those that are not granted what they ask for, those whose pod
// does not show that it is theirs, and of those that ask for the same the later ones. Whoever asks in vain must keep nobody
// from what he has. Of one whose namespace has a grant that does not hold it, what was written is taken back.
func (w *work) trust(s *state, from *snapshot.Snapshot, bad map[string]error) {
	x := from.Index()
	grants := grantsOf(from)
	s.grants = grants
	verdicts := grants.Judge(from)
	for key, r := range s.routers {
		verdict := verdicts[key]
		switch {
		case bad[key] != nil:
		case verdict.Allowed != grant.Yes:
			bad[key] = w.notGranted(grants, r, verdict)
			w.deny(s, r, verdict)
		default:
			s.names[key], w.held[key] = verdict.Names, s.asked[key]
			if bad[key] = platform.Identity(x, r); bad[key] == nil {
				bad[key] = onGrantedNode(grants, x, r)
			}
		}
	}
	s.leaveOut(bad)
	s.findRivals(x, bad)
	s.leaveOut(bad)
	for router, address := range s.asked {
		s.askers[address] = append(s.askers[address], asker{namespaceOf(router), verdicts[router].Allowed != grant.No})
	}
	maps.DeleteFunc(w.held, func(router string, _ netip.Addr) bool {
		_, there := s.asked[router]
		return !there && s.leftOut[router].Name == ""
	})
}

// asker is who asks for an address: a namespace, and whether it may have the address, as far as the grants can be read.
type asker struct {
	namespace string
	may       bool
}

// isAsked reports whether what a router has left for address may be another's by now. What was surely written for that router
// is not kept for whoever asks in vain: else any tenant could have it stay.
func (s *state) isAsked(address netip.Addr, router string, surely bool) bool {
	return slices.ContainsFunc(s.askers[address], func(a asker) bool {
		return a.may || !surely || a.namespace == namespaceOf(router)
	})
}

// isSurely reports whether pair was written for router, by what tenants cannot write: the grants, and what is recorded of a
// namespace that has any.
func (w *work) isSurely(s *state, router string, pair openstack.Pair, address netip.Addr) bool {
	namespace := namespaceOf(router)
	if s.grants.Holds(namespace, address) || w.held[router] == address {
		return true
	}
	_, granted, _ := s.grants.Of(namespace)
	return granted && pair.Port != ""
}

func namespaceOf(router string) string {
	namespace, _, _ := strings.Cut(router, "/")
	return namespace
}

// grantsOf are the grants of from; nil where the cluster has none.
func grantsOf(from *snapshot.Snapshot) *grant.Grants {
	if from.Grants == nil {
		return nil
	}
	return grant.Parse(from.Grants.Data)
}

// notGranted says why r may not have what it asks for, and what grants it.
func (w *work) notGranted(grants *grant.Grants, r snapshot.Router, verdict grant.Verdict) error {
	if command := grants.Command(w.Caller, &r.EgressRouter, verdict); command != "" {
		return fmt.Errorf("%w: %s: run: %s", errNotGranted, verdict.Why, command)
	}
	return fmt.Errorf("%w: %s", errNotGranted, verdict.Why)
}

// onGrantedNode says why r's pod may not run where it does.
func onGrantedNode(grants *grant.Grants, x *snapshot.Index, r snapshot.Router) error {
	pod := x.PodOf(r)
	if pod == nil || pod.Node == "" {
		return nil
	}
	node := snapshot.Node{Name: pod.Node}
	if known := x.NodeOf(pod.Node); known != nil {
		node = *known
	}
	if allowed, why := grants.AllowsNode(r.Namespace, node); allowed != grant.Yes {
		return fmt.Errorf("%w: %s", errNotGranted, why)
	}
	return nil
}

// deny has what was written for r taken back, where its namespace has a grant and that does not hold r. A namespace that was
// never granted anything keeps what an administrator may have written for it by hand.
func (w *work) deny(s *state, r snapshot.Router, verdict grant.Verdict) {
	key := egress.Key(&r.EgressRouter)
	if !verdict.Withdrawn {
		return
	}
	delete(s.asked, key)
	left := slices.Clip(s.recorded[key])
	// A pair that is its own record was written for r if r was granted its address before, as this process has seen; else it may be
	// anybody's, by hand. It belongs to whoever is granted the address now.
	address := egress.ReservedIP(&r.EgressRouter)
	if pair, ok := openstack.OwnPair(address); ok && verdict.Holder == "" && w.held[key] == address {
		left = append(left, pair)
	}
	if len(left) > 0 {
		s.gone[key] = left
	}
}

// findRivals finds the routers that ask for the address or the MAC of an older one. Of those of one age the first by name has it.
// A MAC that is recorded of a router is that one's, though an older one comes to show it.
func (s *state) findRivals(x *snapshot.Index, bad map[string]error) {
	byAddress, byMAC := map[netip.Addr]string{}, map[string]string{}
	routers := sorted(s.routers)
	slices.SortStableFunc(routers, func(a, b snapshot.Router) int {
		return a.CreationTimestamp.Compare(b.CreationTimestamp.Time)
	})
	for _, r := range routers {
		key, address := egress.Key(&r.EgressRouter), egress.ReservedIP(&r.EgressRouter)
		if older, taken := byAddress[address]; taken && address.IsValid() {
			bad[key] = fmt.Errorf("its address %s is that of %s, which is older", address, older)
			continue
		}
		byAddress[address] = key
	}
	slices.SortStableFunc(routers, func(a, b snapshot.Router) int {
		return -cmp.Compare(s.recordedMAC(x, a), s.recordedMAC(x, b))
	})
	for _, r := range routers {
		key, pod := egress.Key(&r.EgressRouter), x.PodOf(r)
		if bad[key] != nil || pod == nil || pod.MAC == "" {
			continue
		}
		mac := platform.MACOf(pod)
		if older, taken := byMAC[mac]; taken {
			bad[key] = fmt.Errorf("the MAC %s of its pod %s is that of %s, which has had it before", mac, pod.Name, older)
			continue
		}
		byMAC[mac] = key
	}
}

// recordedMAC is 1 where it is recorded of r that it has the MAC of its pod, and 0 where not.
func (s *state) recordedMAC(x *snapshot.Index, r snapshot.Router) int {
	pod := x.PodOf(r)
	if pod != nil && slices.ContainsFunc(s.recorded[egress.Key(&r.EgressRouter)], func(p openstack.Pair) bool { return p.MAC == platform.MACOf(pod) }) {
		return 1
	}
	return 0
}

// announceDenied says which routers of out are not granted what they ask for: in an Event on each, once, and in a line of the log
// for each namespace, so that who asks for much does not fill the log.
func (w *work) announceDenied(s *state, out map[string]error) {
	denied := map[string][]string{}
	for router, err := range out {
		if !errors.Is(err, errNotGranted) {
			continue
		}
		namespace := namespaceOf(router)
		denied[namespace] = append(denied[namespace], router)
		if on, there := s.known(router); there && w.denied[router] != err.Error() {
			w.denied[router] = err.Error()
			w.Recorder.Tell(on, "", corev1.EventTypeWarning, reasonNotGranted, action, controller.Note(err.Error(), ""))
		}
	}
	for namespace, routers := range denied {
		first := slices.Min(routers)
		w.Troubles.Say("namespace "+namespace, fmt.Errorf("%s of namespace %s: %s is %w", finding.Count(len(routers), "router"), namespace, first, out[first]))
	}
	for router := range w.denied {
		if errors.Is(out[router], errNotGranted) {
			continue
		}
		delete(w.denied, router)
		if namespace := namespaceOf(router); denied[namespace] == nil {
			w.Troubles.Over("namespace " + namespace)
		}
	}
}
