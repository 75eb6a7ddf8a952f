package neutron

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// state is what a pass knows of the cluster.
type state struct {
	// routers are by namespace/name.
	routers map[string]snapshot.Router
	need    []platform.Attachment
	// recorded are the pairs that the routers' records name, and gone those of routers that are no more.
	recorded, gone map[string][]openstack.Pair
	nodes          []platform.Node
	// asked are the addresses of routers that have them, or may come to, by router, and askers the same by address: what stands
	// for one of them may be no orphan.
	asked  map[string]netip.Addr
	askers map[netip.Addr][]asker
	// grants are nil where the cluster has none.
	grants *grant.Grants
	// names tells of each router whether its very address is granted, and leftOut are those that nothing is written for.
	names   map[string]bool
	leftOut map[string]snapshot.Router
	// unreadable tells that there may be more routers, which cannot be understood, or are not served yet.
	unreadable bool
}

// stateOf makes a state of a Snapshot, in which every router is left out that cannot be told what to do with: of which the
// record cannot be read, and those that share a name. Its errors are by router.
func (w *work) stateOf(from *snapshot.Snapshot, unreadable error) (*state, map[string]error) {
	s := &state{routers: map[string]snapshot.Router{}, recorded: map[string][]openstack.Pair{}, gone: map[string][]openstack.Pair{},
		asked: map[string]netip.Addr{}, askers: map[netip.Addr][]asker{}, names: map[string]bool{}, leftOut: map[string]snapshot.Router{}, unreadable: unreadable != nil || w.isEarly(from)}
	bad := map[string]error{}
	for _, r := range from.Routers {
		key := egress.Key(&r.EgressRouter)
		if _, twice := s.routers[key]; twice {
			bad[key] = errors.New("it is there under both provisioners, so the record of one would be the other's: delete one of them")
		}
		s.routers[key] = r
		s.asked[key] = egress.ReservedIP(&r.EgressRouter)
		w.noteForged(r)
	}
	for _, u := range from.Unreadable {
		r := snapshot.Router{Provisioner: egress.Operator}
		if r.Namespace, r.Name = u.Namespace, u.Name; !strings.HasPrefix(u.Object, "egressrouter") {
			r.Provisioner = egress.Standalone
		}
		key := egress.Key(&r.EgressRouter)
		bad[key], s.leftOut[key] = fmt.Errorf("%s cannot be understood: %s", u.Object, u.Reason), r
	}
	for router, record := range w.Records.All() {
		pairs, err := openstack.Decode(record)
		_, there := s.routers[router]
		switch {
		case err != nil:
			bad[router] = fmt.Errorf("what ConfigMap %s records of it cannot be read (%w): correct it, or remove it", apply.RecordName(router), err)
		case there:
			s.recorded[router] = pairs
		case bad[router] == nil:
			s.gone[router] = pairs
		}
	}
	w.trust(s, from, bad)
	s.need = s.attachments(from)
	nodes := platform.Nodes(from)
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		s.nodes = append(s.nodes, nodes[name])
	}
	return s, bad
}

// leaveOut takes the routers of bad from s, with their records.
func (s *state) leaveOut(bad map[string]error) {
	for key, err := range bad {
		if err == nil {
			delete(bad, key)
			continue
		}
		if r, there := s.routers[key]; there {
			s.leftOut[key] = r
		}
		delete(s.routers, key)
		delete(s.recorded, key)
	}
}

// sorted are routers by namespace and name.
func sorted(routers map[string]snapshot.Router) []snapshot.Router {
	return slices.SortedFunc(maps.Values(routers), func(a, b snapshot.Router) int {
		return cmp.Compare(egress.Key(&a.EgressRouter), egress.Key(&b.EgressRouter))
	})
}

// isEarly reports whether it is too early to trust that the operator's routers are gone: a cluster that has just started
// may not serve them yet.
func (w *work) isEarly(from *snapshot.Snapshot) bool {
	return !from.Serves(egress.Resource.Resource) && time.Since(w.Leading()) < time.Minute
}

// noteForged says once that the annotation is ignored in which records were once kept, where owners of routers can write.
func (w *work) noteForged(r snapshot.Router) {
	if r.Annotations[egress.AnnotationOpenStack] != "" && !w.forged {
		w.forged = true
		w.Log.Warn("an annotation is ignored, on this router and on all others: remove it", "router", egress.Key(&r.EgressRouter), "annotation", egress.AnnotationOpenStack)
	}
}

// attachments are those of routers where their pods run with a net1.
func (s *state) attachments(from *snapshot.Snapshot) []platform.Attachment {
	out := platform.Attachments(from, sorted(s.routers), false)
	// Until a pod has its net1 nothing can be done for it, and nothing be taken away either.
	out = slices.DeleteFunc(out, func(at platform.Attachment) bool { return at.MAC == "" })
	// Destinations are for the checks of security groups, which are preflight's.
	for i := range out {
		out[i].Destinations, out[i].Named = nil, s.names[out[i].Router]
	}
	return out
}

// sameRecords reports whether two states know of the same records.
func (s *state) sameRecords(other *state) bool {
	return reflect.DeepEqual(s.recorded, other.recorded) && reflect.DeepEqual(s.gone, other.gone)
}

// same reports whether two states ask for the same.
func (s *state) same(other *state) bool {
	return other != nil && reflect.DeepEqual(s.need, other.need) && reflect.DeepEqual(s.nodes, other.nodes) &&
		maps.EqualFunc(s.routers, other.routers, sameUID) && maps.EqualFunc(s.leftOut, other.leftOut, sameUID)
}

func sameUID(a, b snapshot.Router) bool { return a.UID == b.UID }

// without returns s less some routers, with no records.
func (s *state) without(routers map[string]error) *state {
	out := &state{routers: maps.Clone(s.routers), leftOut: s.leftOut, nodes: s.nodes}
	maps.DeleteFunc(out.routers, func(router string, _ snapshot.Router) bool { return routers[router] != nil })
	out.need = slices.DeleteFunc(slices.Clone(s.need), func(at platform.Attachment) bool { return routers[at.Router] != nil })
	return out
}

// notePlaces remembers where the frames of each router leave, and when that was first known to change.
func (w *work) notePlaces(s *state, news map[string]time.Time) {
	for _, at := range s.need {
		place := at.Node.Name + " " + at.IP.String() + " " + at.MAC
		if w.places[at.Router] == place {
			continue
		}
		w.places[at.Router], w.moved[at.Router] = place, time.Now()
		if when, ok := news[at.Router]; ok {
			w.moved[at.Router] = when
		}
	}
	for router := range w.places {
		if _, there := s.routers[router]; !there {
			delete(w.places, router)
			delete(w.moved, router)
		}
	}
}
