package controller_test

import (
	"context"
	"slices"
	"sync"

	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// gate is a work whose passes a test can hold up.
type gate struct {
	controller.Work
	env *controller.Environment
	// open is held by a pass, and by a test to keep others from beginning.
	open sync.RWMutex
}

// before puts the gate before a work.
func (g *gate) before(work func(*controller.Environment) controller.Work) func(*controller.Environment) controller.Work {
	return func(env *controller.Environment) controller.Work {
		g.Work, g.env = work(env), env
		return g
	}
}

// Pass waits until the gate is open.
func (g *gate) Pass(ctx context.Context, all bool) error {
	g.open.RLock()
	defer g.open.RUnlock()
	return g.Work.Pass(ctx, all)
}

// atOnce has the process know of all that do does to pods before its next pass, however long that takes to be done.
func (p *process) atOnce(do func()) {
	p.Helper()
	p.gate.open.Lock()
	defer p.gate.open.Unlock()
	do()
	var want []string
	for _, pod := range p.pods {
		want = append(want, pod.Name)
	}
	slices.Sort(want)
	err := kube.Await(p.Context(), "all pods are mirrored", func(context.Context) (bool, error) {
		mirrored, err := p.gate.env.Snapshot()
		var got []string
		for _, pod := range mirrored.Pods {
			got = append(got, pod.Name)
		}
		slices.Sort(got)
		return slices.Equal(got, want), err
	})
	if err != nil {
		p.Fatal(err)
	}
}
