package neutron

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Rival starts a writer of another that goes round the ports again and again, one every so often: it reads the pairs,
// thinks for half of that time, and writes them back with one of its own, 10.250.x.y under its own MAC, until each port
// has half of MaxPairs of them; then it goes on writing what it read. Guarded, it writes only what nobody has
// changed in between, and reads again where somebody has; unguarded, it destroys what came in between. Its writes are
// not in the log. It ends with ctx or with Close. added are the pairs that it has written so far, each on one port only.
func (s *Server) Rival(ctx context.Context, portIDs []string, guarded bool, every time.Duration) (added func() []Pair) {
	r := &rival{server: s, guarded: guarded, think: every / 2, own: map[string][]Pair{}}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.ctx, cancel)
	s.rivals.Add(1)
	go func() {
		defer s.rivals.Done()
		defer stop()
		defer cancel()
		r.run(ctx, portIDs, every)
	}()
	return r.added
}

// rival is another writer of the same lists.
type rival struct {
	server  *Server
	guarded bool
	think   time.Duration
	own     map[string][]Pair // by port; under the server's lock
	count   int
}

func (r *rival) run(ctx context.Context, portIDs []string, every time.Duration) {
	for ctx.Err() == nil {
		for _, id := range portIDs {
			r.write(ctx, id)
			wait(ctx, every-r.think)
		}
		wait(ctx, time.Microsecond) // without ports it would spin
	}
}

// write is one read and one write, or several where a guard has failed.
func (r *rival) write(ctx context.Context, id string) {
	for ctx.Err() == nil {
		port, ok := r.server.Port(id)
		if !ok {
			return
		}
		wait(ctx, r.think)
		if r.store(ctx, id, port) {
			return
		}
	}
}

// store writes what was read and one more pair; false where the guard says no.
func (r *rival) store(ctx context.Context, id string, read Port) bool {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	p := r.server.store.ports.items[id]
	if p == nil || ctx.Err() != nil {
		return true
	}
	if r.guarded && p.Revision != read.Revision {
		return false
	}
	pairs := read.Pairs
	limit := r.server.options.MaxPairs
	if len(r.own[id]) < limit/2 && len(pairs) < limit {
		r.count++
		pair := Pair{IP: fmt.Sprintf("10.250.%d.%d", r.count>>8, byte(r.count)), MAC: fmt.Sprintf("02:00:00:00:%02x:%02x", r.count>>8, byte(r.count))}
		pairs = append(slices.Clone(pairs), pair)
		r.own[id] = append(r.own[id], pair)
	}
	p.setPairs(pairs)
	p.Revision++
	return true
}

func (r *rival) added() []Pair {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	var out []Pair
	for _, pairs := range r.own {
		out = append(out, pairs...)
	}
	slices.SortFunc(out, func(a, b Pair) int { return slices.Compare([]string{a.MAC}, []string{b.MAC}) })
	return out
}
