package controller

import (
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// troubles says each trouble once: a cloud that is away for an hour is one line, and not thousands.
type troubles struct {
	log     *slog.Logger
	metrics *metrics
	mu      sync.Mutex
	known   map[string]trouble
}

type trouble struct {
	text  string
	since time.Time
	said  time.Time
}

// Again the same trouble is said after reminder, and another text of it after reword.
const (
	reminder = 10 * time.Minute
	reword   = 30 * time.Second
)

func newTroubles(log *slog.Logger, m *metrics) *troubles {
	return &troubles{log: log, metrics: m, known: map[string]trouble{}}
}

// say notes the trouble that about has, and reports whether it was news.
func (t *troubles) say(about string, err error) bool {
	kind, _, _ := strings.Cut(about, " ")
	t.metrics.errors.WithLabelValues(kind).Inc()
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	last, known := t.known[about]
	since := now
	if known {
		since = last.since
		age := now.Sub(last.said)
		if age < reword || last.text == err.Error() && age < reminder {
			return false
		}
	}
	t.known[about] = trouble{err.Error(), since, now}
	t.log.Warn(line(err.Error()), "about", kind)
	return !known || last.text != err.Error()
}

// line is text on one line.
func line(text string) string { return strings.ReplaceAll(text, "\n", "; ") }

// over says that about has no trouble any more, and reports whether it had.
func (t *troubles) over(about string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	last, known := t.known[about]
	if known {
		delete(t.known, about)
		t.log.Info("over: "+line(last.text), "after", time.Since(last.since).Round(time.Millisecond))
	}
	return known
}

// keep forgets the troubles of routers that are gone.
func (t *troubles) keep(routers map[string]snapshot.Router, out map[string]error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for about := range t.known {
		if router, ok := strings.CutPrefix(about, "router "); ok && routers[router].Name == "" && out[router] == nil {
			delete(t.known, about)
		}
	}
}
