package mirror

import (
	"k8s.io/client-go/tools/cache"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

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
	h := after
	if h == nil {
		h = before
	}
	if name := h.Labels[egress.LabelInstance]; name != "" && h.Labels["app"] != egress.OperatorApp {
		m.events.Changed(cluster.Key(h.Namespace, name))
		return
	}
	m.operatorsChanged(before, after)
}

// operatorsChanged is for a pod or a Deployment of the operator's: it does not name its router, which is the only one in
// its namespace.
func (m *Mirror) operatorsChanged(before, after *held) {
	h := after
	if h == nil {
		h = before
	}
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

func (m *Mirror) nodeChanged(*held, *held) { m.events.Changed("") }
