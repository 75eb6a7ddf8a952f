package controller_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// mover moves the pods of the first few routers, whatever happens to the API server in the meantime, and watches the ports:
// a pair may stand only where its pod has been, and that of a router that stays must stand all the time.
type mover struct {
	*site
	routers int
	// always are the pairs that must stand, by node.
	always map[string][]string
	cancel context.CancelFunc
	ended  sync.WaitGroup

	mu sync.Mutex
	// been are the pairs that may stand, as "node ip mac".
	been  map[string]bool
	moves int
	looks int
	wrong []string
}

// move starts to move the first few of all routers; those that follow stay where they are.
func (s *site) move(routers, all int) *mover {
	ctx, cancel := context.WithCancel(s.Context())
	m := &mover{site: s, routers: routers, cancel: cancel, always: map[string][]string{}, been: map[string]bool{}}
	for node, pairs := range s.pairs() {
		for _, pair := range pairs {
			m.been[node+" "+pair] = true
		}
	}
	for i := range all {
		node := s.at[name(i)]
		m.been[node+" "+address(i)+" "+mac(i)] = true
		if i >= routers {
			m.always[node] = append(m.always[node], address(i)+" "+mac(i))
		}
	}
	m.ended.Go(func() { m.run(ctx) })
	m.ended.Go(func() { m.look(ctx) })
	s.Cleanup(m.stop)
	return m
}

// stop ends the moves, each router with a pod, and says what was wrong. A second call does nothing.
func (m *mover) stop() {
	m.Helper()
	if m.cancel == nil {
		return
	}
	m.cancel()
	m.cancel = nil
	m.ended.Wait()
	m.Logf("%d moves, the ports were looked at %d times", m.moves, m.looks)
	if m.moves == 0 || m.looks == 0 {
		m.Error("nothing moved, or nobody looked")
	}
	for _, wrong := range m.wrong {
		m.Error(wrong)
	}
}

// run moves one router after the other to the next node.
func (m *mover) run(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		i := n % m.routers
		node := m.names[(slices.Index(m.names, m.at[name(i)])+1)%len(m.names)]
		m.mu.Lock()
		m.been[node+" "+address(i)+" "+mac(i)] = true
		m.mu.Unlock()
		if !m.relocate(i, node) {
			return
		}
		m.mu.Lock()
		m.moves++
		m.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// relocate puts router i on a node, with as many tries as it takes the API server to come back.
func (m *mover) relocate(i int, node string) bool {
	pod := m.newPod(i, node, mac(i), egress.Labels(name(i)))
	m.mu.Lock()
	// Of a lost answer nobody knows what became of it: under a name of its own a pod is made once.
	pod.Name = fmt.Sprintf("%s-%d", name(i), m.moves)
	m.mu.Unlock()
	pod.GenerateName = ""
	gone := m.insist(func(ctx context.Context) error {
		return m.admin.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(m.namespace), client.MatchingLabels(egress.Labels(name(i))), client.GracePeriodSeconds(0))
	})
	made := gone && m.insist(func(ctx context.Context) error {
		err := m.admin.Create(ctx, pod.DeepCopy())
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
		return err
	})
	lock.Lock()
	defer lock.Unlock()
	m.pods[name(i)], m.at[name(i)] = pod, node
	return made
}

// insist calls do until it succeeds, for a minute.
func (m *mover) insist(do func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(m.Context()), time.Minute)
	defer cancel()
	for {
		err := do(ctx)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			m.Errorf("moving a pod: %v", err)
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// look looks at the ports again and again.
func (m *mover) look(ctx context.Context) {
	for ctx.Err() == nil {
		pairs := m.pairs()
		m.mu.Lock()
		m.looks++
		for node, list := range pairs {
			for _, pair := range list {
				if !m.been[node+" "+pair] {
					m.note("the port of %s allows %s, which has never been there", node, pair)
				}
			}
		}
		for node, list := range m.always {
			for _, pair := range list {
				if !slices.Contains(pairs[node], pair) {
					m.note("the port of %s has lost %s, which stays there", node, pair)
				}
			}
		}
		m.mu.Unlock()
		time.Sleep(5 * time.Millisecond)
	}
}

// note keeps what is wrong, once.
func (m *mover) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(m.wrong, text) {
		m.wrong = append(m.wrong, text)
	}
}

// awaitMoves waits until there were so many more.
func (m *mover) awaitMoves(more int) {
	m.Helper()
	count := func() int {
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.moves
	}
	last := count() + more
	err := kube.Await(m.Context(), "pods have moved", func(context.Context) (bool, error) { return count() >= last, nil })
	if err != nil {
		m.Fatal(err)
	}
}
