package controller

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// view is what a pass knows of the cluster.
type view struct {
	// routers are by namespace/name.
	routers map[string]snapshot.Router
	need    []platform.Attachment
	// recorded are the pairs that the routers' records name.
	recorded map[string][]openstack.Pair
	nodes    []platform.Node
	// addresses are those of all routers, of those that were left out too.
	addresses map[netip.Addr]bool
	// unreadable tells that there may be more routers, which cannot be understood.
	unreadable bool
}

// written is what was recorded on a router.
type written struct {
	value string
	at    time.Time
}

// trustRecord is how long what was recorded counts for more than what the Mirror shows: its news may be late.
const trustRecord = time.Minute

// look makes a view of s, in which every router is left out that cannot be told what to do with: of which the record
// cannot be read, and those that share a name. Its errors are by router.
func (s *neutron) look(from *snapshot.Snapshot, unreadable error) (*view, map[string]error) {
	v := &view{routers: map[string]snapshot.Router{}, recorded: map[string][]openstack.Pair{}, addresses: map[netip.Addr]bool{}, unreadable: unreadable != nil}
	bad := map[string]error{}
	for _, r := range from.Routers {
		key := egress.Key(&r.EgressRouter)
		if _, twice := v.routers[key]; twice {
			bad[key] = errors.New("it is there under both provisioners, so the record of one would be the other's: delete one of them")
		}
		v.routers[key] = r
		v.addresses[egress.ReservedIP(&r.EgressRouter)] = true
		pairs, err := openstack.Decode(s.recordOf(r))
		if err != nil {
			bad[key] = fmt.Errorf("the annotation %s is not this tool's (%w): correct it, or remove it", egress.AnnotationOpenStack, err)
		} else if len(pairs) > 0 {
			v.recorded[key] = pairs
		}
	}
	for key := range bad {
		delete(v.routers, key)
		delete(v.recorded, key)
	}
	v.need = attachments(from, v.routers)
	nodes := platform.Nodes(from)
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		v.nodes = append(v.nodes, nodes[name])
	}
	return v, bad
}

// recordOf is the record of r: what was written last, unless the Mirror has had the time to show it.
func (s *neutron) recordOf(r snapshot.Router) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := r.Annotations[egress.AnnotationOpenStack]
	last, ok := s.records[r.UID]
	if !ok {
		return shown
	}
	if last.value == shown || time.Since(last.at) > trustRecord {
		delete(s.records, r.UID)
		return shown
	}
	return last.value
}

// attachments are those of routers where their pods run with a net1.
func attachments(from *snapshot.Snapshot, routers map[string]snapshot.Router) []platform.Attachment {
	nodes := map[string]snapshot.Node{}
	for _, n := range from.Nodes {
		nodes[n.Name] = n
	}
	var out []platform.Attachment
	for _, in := range byNamespace(from, maps.Values(routers)) {
		for _, p := range in.Pods {
			if node, ok := nodes[p.Node]; ok && !slices.ContainsFunc(in.Nodes, func(n snapshot.Node) bool { return n.Name == p.Node }) {
				in.Nodes = append(in.Nodes, node)
			}
		}
		out = append(out, platform.Attachments(in, in.Routers, false)...)
	}
	// Until a pod has its net1 nothing can be done for it, and nothing be taken away either.
	out = slices.DeleteFunc(out, func(at platform.Attachment) bool { return at.MAC == "" })
	// Destinations are for the checks of security groups, which are preflight's.
	for i := range out {
		out[i].Destinations = nil
	}
	return out
}

// byNamespace are the parts of from that are those of routers, namespace by namespace, with their pods and Deployments and
// without nodes: to look for every router's pod among all of them would take their product.
func byNamespace(from *snapshot.Snapshot, routers iter.Seq[snapshot.Router]) []*snapshot.Snapshot {
	parts := map[string]*snapshot.Snapshot{}
	for r := range routers {
		in := parts[r.Namespace]
		if in == nil {
			in = &snapshot.Snapshot{}
			parts[r.Namespace] = in
		}
		in.Routers = append(in.Routers, r)
	}
	for _, d := range from.Deployments {
		if in := parts[d.Namespace]; in != nil {
			in.Deployments = append(in.Deployments, d)
		}
	}
	for _, p := range from.Pods {
		if in := parts[p.Namespace]; in != nil {
			in.Pods = append(in.Pods, p)
		}
	}
	var out []*snapshot.Snapshot
	for _, namespace := range slices.Sorted(maps.Keys(parts)) {
		in := parts[namespace]
		in.Sort()
		out = append(out, in)
	}
	return out
}

// believe takes over the records that the API server itself has shown.
func (s *neutron) believe(live *snapshot.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range live.Routers {
		if last, ok := s.records[r.UID]; ok {
			s.records[r.UID] = written{r.Annotations[egress.AnnotationOpenStack], last.at}
		}
	}
}

// same reports whether two views ask for the same.
func (v *view) same(other *view) bool {
	return other != nil && reflect.DeepEqual(v.need, other.need) && reflect.DeepEqual(v.recorded, other.recorded) && reflect.DeepEqual(v.nodes, other.nodes) &&
		maps.EqualFunc(v.routers, other.routers, func(a, b snapshot.Router) bool { return a.UID == b.UID })
}

// of is the part of v that is one router's.
func (v *view) of(router string) *view {
	part := &view{routers: map[string]snapshot.Router{router: v.routers[router]}, recorded: map[string][]openstack.Pair{}, nodes: v.nodes}
	for _, at := range v.need {
		if at.Router == router {
			part.need = append(part.need, at)
		}
	}
	if pairs, ok := v.recorded[router]; ok {
		part.recorded[router] = pairs
	}
	return part
}

// without is v less some routers.
func (v *view) without(routers map[string]error) *view {
	out := &view{routers: maps.Clone(v.routers), recorded: maps.Clone(v.recorded), nodes: v.nodes}
	for router := range routers {
		delete(out.routers, router)
		delete(out.recorded, router)
	}
	for _, at := range v.need {
		if _, ok := routers[at.Router]; !ok {
			out.need = append(out.need, at)
		}
	}
	return out
}

// hear notes when there was first news of a router since the last pass.
func (s *neutron) hear(router string) {
	s.mu.Lock()
	if _, known := s.heard[router]; !known {
		s.heard[router] = time.Now()
	}
	s.mu.Unlock()
	s.queue.Add(router)
}

func (s *neutron) takeHeard() map[string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	heard := s.heard
	s.heard = map[string]time.Time{}
	return heard
}

// note remembers where the frames of each router leave, and when that was last heard to change.
func (s *neutron) note(v *view, heard map[string]time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, at := range v.need {
		where := at.Node.Name + " " + at.IP.String() + " " + at.MAC
		if s.placed[at.Router] != where {
			s.placed[at.Router] = where
			s.moved[at.Router] = now
			if when, ok := heard[at.Router]; ok {
				s.moved[at.Router] = when
			}
		}
	}
	for router := range s.placed {
		if _, there := v.routers[router]; !there {
			delete(s.placed, router)
			delete(s.moved, router)
		}
	}
}

// remember keeps what was recorded on a router.
func (s *neutron) remember(uid types.UID, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for other, w := range s.records {
		if time.Since(w.at) > trustRecord {
			delete(s.records, other)
		}
	}
	s.records[uid] = written{value, time.Now()}
}
