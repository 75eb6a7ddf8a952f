// Package mirror keeps what the cluster holds up to date in memory, by a list and a watch of each kind.
package mirror

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/cache"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// lookAgain is how long a Mirror waits before it asks again whether the cluster serves EgressRouters.
const lookAgain = 30 * time.Second

// Events are told of what changes in a Mirror, from its start on, one call at a time for each resource. They
// must not block.
type Events struct {
	// Changed hears of a router by namespace/name, when it or its pods change; of "" when a node does.
	Changed func(router string)
	// Gone hears of a router that was deleted, or created again, as it was last seen.
	Gone func(last snapshot.Router)
}

// Options say what more a Mirror gives.
type Options struct {
	// Deployments are those of the routers, of both provisioners: on which nodes a pod can come to be.
	Deployments bool
	// Trust keeps what tells which routers may be written for: the NADs, and the grants.
	Trust bool
}

// Mirror keeps routers of both provisioners, their pods and the nodes in memory, by one list and watch each.
type Mirror struct {
	client *cluster.Client
	events Events
	// routers is that of EgressRouters first.
	routers []*Source
	pods    []*Source
	nodes   *Source
	// operators are the Deployments that the operator has made. Those of standalone routers are in routers.
	operators *Source
	// deployments tells that Snapshot has both.
	deployments bool
	// nads and grants are nil where they are not kept.
	nads, grants *Source

	mu sync.Mutex
	// absent tells that the cluster serves no EgressRouters.
	absent bool
}

// New makes a Mirror that knows nothing before Run.
func New(c *cluster.Client, events Events, o Options) *Mirror {
	m := &Mirror{client: c, events: events, deployments: o.Deployments}
	everywhere := func(r cluster.Reading) *Source { return NewSource(c, r, "") }
	m.routers = []*Source{everywhere(read.Noting(read.Of(cluster.EgressRouters))), everywhere(read.Noting(read.StandaloneRouters()))}
	m.pods = []*Source{everywhere(read.Of(cluster.Pods).Labelled(read.Ours())), everywhere(read.Of(cluster.Pods).Labelled(read.Operators()))}
	m.nodes = everywhere(read.Of(cluster.Nodes))
	m.operators = everywhere(read.OperatorDeployments())
	if o.Trust {
		m.nads, m.grants = everywhere(read.Of(cluster.NADs)), NewSource(c, read.Granted(), egress.Namespace)
	}
	return m
}

// Run keeps the Mirror up to date until ctx ends.
func (m *Mirror) Run(ctx context.Context) error {
	err := errors.Join(
		m.routers[0].handle(m.routerChanged), m.routers[1].handle(m.routerChanged),
		m.pods[0].handle(m.podChanged), m.pods[1].handle(m.podChanged), m.nodes.handle(m.allChanged),
		m.operators.handle(m.operatorsChanged),
	)
	if m.nads != nil {
		err = errors.Join(err, m.nads.handle(m.nadChanged), m.grants.handle(m.allChanged))
	}
	if err != nil {
		return fmt.Errorf("preparing to watch the cluster: %w", err)
	}
	var running sync.WaitGroup
	for _, s := range m.always() {
		running.Go(func() { s.run(ctx) })
	}
	if m.awaitServed(ctx) {
		running.Go(func() { m.routers[0].run(ctx) })
	}
	running.Wait()
	return nil
}

// awaitServed waits until the cluster serves EgressRouters, and is false where ctx ends first. A cluster that does not
// is whole without them.
func (m *Mirror) awaitServed(ctx context.Context) bool {
	for {
		served, err := m.client.Served(ctx, egress.Resource)
		if ctx.Err() != nil {
			return false
		}
		// Whoever may not ask is told by the list.
		if apierrors.IsForbidden(err) || err == nil && *served {
			m.setAbsent(false)
			return true
		}
		m.routers[0].note("list", err)
		m.setAbsent(err == nil)
		pause := lookAgain
		if err != nil {
			pause = time.Second
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
}

func (m *Mirror) setAbsent(absent bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.absent = absent
}

// always are the sources whose resources every cluster serves.
func (m *Mirror) always() []*Source {
	all := append([]*Source{m.nodes, m.routers[1], m.operators}, m.pods...)
	if m.nads != nil {
		all = append(all, m.nads, m.grants)
	}
	return all
}

// sources are those in use.
func (m *Mirror) sources() []*Source {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.always()
	if !m.absent {
		all = append(all, m.routers[0])
	}
	return all
}

// Synced reports whether everything was read once.
func (m *Mirror) Synced() bool {
	return !slices.ContainsFunc(m.sources(), func(s *Source) bool { return !s.synced() })
}

// Trouble says what cannot be read or watched right now, or nil.
func (m *Mirror) Trouble() error {
	var errs []error
	for _, s := range m.sources() {
		err := s.trouble()
		// Pods are two sources, and so are Deployments.
		if err != nil && !slices.ContainsFunc(errs, func(other error) bool { return other.Error() == err.Error() }) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Snapshot is what was asked for of what the Mirror holds: routers, pods and nodes, and what Options say. Its parts are
// shared and must not be changed.
func (m *Mirror) Snapshot() (*snapshot.Snapshot, error) {
	s, err := m.Whole()
	m.trim(s)
	return s, err
}

// Whole is all that the Mirror holds: Snapshot with the Deployments, whether or not they were asked for.
func (m *Mirror) Whole() (*snapshot.Snapshot, error) {
	s := &snapshot.Snapshot{}
	errs := collect.Map(m.sources(), func(source *Source) error { return source.fill(s) })
	s.Sort()
	return s, errors.Join(errs...)
}

// Live reads routers, pods and grants from the API server itself, all or nothing, with the nodes, NADs and Deployments of
// the operator's that the Mirror holds. The errors of objects that cannot be understood are the second: what is read of the others is whole.
func (m *Mirror) Live(ctx context.Context) (s *snapshot.Snapshot, unreadable error, err error) {
	held := []*Source{m.nodes, m.operators}
	if m.nads != nil {
		held = append(held, m.nads)
	}
	lists := slices.DeleteFunc(m.sources(), func(source *Source) bool { return slices.Contains(held, source) })
	bad := make([]error, len(lists))
	s, err = read.SideBySide(ctx, len(lists), len(lists), func(ctx context.Context, i int) (part *snapshot.Snapshot, err error) {
		part, bad[i], err = lists[i].read(ctx)
		return part, err
	})
	if err != nil {
		return nil, nil, err
	}
	bad = append(bad, collect.Map(held, func(source *Source) error { return source.fill(s) })...)
	m.trim(s)
	s.Sort()
	return s, errors.Join(bad...), nil
}

// trim leaves out what nobody asked for, and notes what is not served.
func (m *Mirror) trim(s *snapshot.Snapshot) {
	if !m.deployments {
		s.Deployments = nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.absent {
		s.NotServed = []string{egress.Resource.Resource}
	}
}

// routerChanged tells what is gone before it asks to look: who looks must know of it.
func (m *Mirror) routerChanged(before, after *held) {
	if before != nil && (after == nil || after.UID != before.UID) {
		for _, last := range before.part.Routers {
			m.events.Gone(last)
		}
	}
	for _, h := range []*held{before, after} {
		if h != nil {
			m.events.Changed(cluster.Key(h.Namespace, h.Name))
		}
	}
}

func (m *Mirror) podChanged(before, after *held) {
	h := cmp.Or(after, before)
	if name := h.Labels[egress.LabelInstance]; name != "" && h.Labels["app"] != egress.OperatorApp {
		m.events.Changed(cluster.Key(h.Namespace, name))
		return
	}
	m.operatorsChanged(before, after)
}

// operatorsChanged is for a pod or a Deployment that the operator has made: it does not name its router, which is the only one in
// its namespace.
func (m *Mirror) operatorsChanged(before, after *held) {
	h := cmp.Or(after, before)
	routers, err := m.routers[0].informer.GetIndexer().ByIndex(cache.NamespaceIndex, h.Namespace)
	if err != nil {
		return
	}
	for _, router := range routers {
		if r, ok := router.(*held); ok {
			m.events.Changed(cluster.Key(r.Namespace, r.Name))
		}
	}
}

// nadChanged is for the NAD of a standalone router, which has its name, or of the operator's, as for its Deployment.
func (m *Mirror) nadChanged(before, after *held) {
	h := cmp.Or(after, before)
	if h.Name == egress.OperatorNAD {
		m.operatorsChanged(before, after)
		return
	}
	if _, exists, err := m.routers[1].informer.GetIndexer().GetByKey(cluster.Key(h.Namespace, h.Name)); exists && err == nil {
		m.events.Changed(cluster.Key(h.Namespace, h.Name))
	}
}

func (m *Mirror) allChanged(*held, *held) { m.events.Changed("") }
