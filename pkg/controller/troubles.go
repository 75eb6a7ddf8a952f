package controller

import (
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Troubles says each trouble once: a cloud that is away for an hour is one line, and not thousands.
type Troubles struct {
	log     *slog.Logger
	metrics *Metrics
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

func newTroubles(log *slog.Logger, m *Metrics) *Troubles {
	return &Troubles{log: log, metrics: m, known: map[string]trouble{}}
}

// Say notes the trouble that about has, and reports whether it was news.
func (t *Troubles) Say(about string, err error) bool {
	kind, _, _ := strings.Cut(about, " ")
	t.metrics.Errors.WithLabelValues(kind).Inc()
	t.mu.Lock()
	defer t.mu.Unlock()
	now, text := time.Now(), line(err.Error())
	last, known := t.known[about]
	since := now
	if known {
		since = last.since
		age := now.Sub(last.said)
		if age < reword || last.text == text && age < reminder {
			return false
		}
	}
	t.known[about] = trouble{text, since, now}
	t.log.Warn(text, "about", kind)
	return !known || last.text != text
}

// note says the trouble that about has, or that it is over where err is nil.
func (t *Troubles) note(about string, err error) {
	if err != nil {
		t.Say(about, err)
	} else {
		t.Over(about)
	}
}

// longestLine is how many bytes of a trouble are logged: what is in it may be of whoever may write a router.
const longestLine = 4096

// line is text on one line, cut where it is too long.
func line(text string) string { return cut(strings.ReplaceAll(text, "\n", "; "), longestLine) }

// Over says that about has no trouble any more, and reports whether it had.
func (t *Troubles) Over(about string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	last, known := t.known[about]
	if known {
		delete(t.known, about)
		t.log.Info("over: "+last.text, "after", time.Since(last.since).Round(time.Millisecond))
	}
	return known
}

// forget drops the trouble that about has, and says nothing of it.
func (t *Troubles) forget(about string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.known, about)
}

// Keep forgets the troubles of routers that are neither there nor out of step.
func (t *Troubles) Keep(routers map[string]snapshot.Router, out map[string]error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for about := range t.known {
		if router, ok := strings.CutPrefix(about, "router "); ok && routers[router].Name == "" && out[router] == nil {
			delete(t.known, about)
		}
	}
}
