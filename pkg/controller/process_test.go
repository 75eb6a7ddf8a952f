package controller_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller/audit"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller/neutron"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/test/apiproxy"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// lease is how long a leader that is silent stays one here: so long that a busy machine still renews it in time.
const lease = 6 * time.Second

// process is a sync that runs.
type process struct {
	page
	proxy  *apiproxy.Proxy
	log    *log
	gate   *gate
	cancel context.CancelFunc
	ended  chan error
}

// log keeps what is logged.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// lines are those that have word in them.
func (l *log) lines(word string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, word) {
			out = append(out, line)
		}
	}
	return out
}

// run starts sync, as a user of its own way to the cluster, and ends it with the test.
func (s *site) run(change func(*options)) *process {
	s.Helper()
	proxy, err := apiproxy.Start(s.config)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = proxy.Close() })
	return s.runAs(&rest.Config{Host: proxy.URL, QPS: -1}, proxy, change)
}

// options are those of a sync and of its work: audit where that is set, else neutron.
type options struct {
	controller.Options
	neutron neutron.Options
	audit   *audit.Options
}

func (s *site) runAs(cfg *rest.Config, proxy *apiproxy.Proxy, change func(*options)) *process {
	s.Helper()
	c, err := cluster.New(cfg, egress.ManagedByValue)
	if err != nil {
		s.Fatal(err)
	}
	p := &process{page: page{site: s}, proxy: proxy, log: &log{}, gate: &gate{}, ended: make(chan error, 1)}
	listening := make(chan string, 1)
	o := options{Options: controller.Options{
		Config: cfg, Client: c, Listen: "127.0.0.1:0", Listening: func(address string) { listening <- address },
		Backoff: 100 * time.Millisecond, LongestBackoff: time.Second, LongestPause: time.Second,
		Log: slog.New(slog.NewTextHandler(p.log, nil)),
	}}
	o.neutron.Records = apply.NewRecords(c, s.records)
	o.neutron.Connect = func(ctx context.Context, log func(string, ...any)) (*openstack.Cloud, error) {
		return openstack.Connect(ctx, openstack.Credentials{Cloud: "k8s", CloudsYAML: s.neutron.CloudsYAML(), Log: log, RequestTimeout: 15 * time.Second})
	}
	if change != nil {
		change(&o)
	}
	if o.audit != nil {
		o.Work, o.Mirror = audit.New(*o.audit), audit.Mirror()
	} else {
		o.Mirror, o.Work = neutron.Mirror(), neutron.New(o.neutron)
	}
	o.Work = p.gate.before(o.Work)
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	go func() { p.ended <- controller.Run(ctx, o.Options) }()
	select {
	case at := <-listening:
		p.url = "http://" + at
	case err := <-p.ended:
		s.Fatal(err)
	}
	s.Cleanup(p.stop)
	return p
}

// stop ends it, and checks that it ends as it should. A second call does nothing.
func (p *process) stop() {
	p.cancel()
	if err := <-p.ended; !errors.Is(err, context.Canceled) {
		p.Errorf("sync ended with %v", err)
	}
	p.ended <- context.Canceled
	if p.Failed() {
		p.Logf("it said\n%s", strings.Join(p.log.lines(""), ""))
	}
}

// awaitLost waits until it has ended by itself, since its Lease was lost, and serves nothing any more.
func (p *process) awaitLost() {
	p.Helper()
	select {
	case err := <-p.ended:
		if !errors.Is(err, controller.ErrLeaseLost) {
			p.Errorf("sync ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		p.Fatal("sync goes on without its Lease")
	}
	p.ended <- context.Canceled
	if answer, err := http.Get(p.url + "/metrics"); err == nil {
		p.Errorf("it still serves /metrics (closing the answer: %v)", answer.Body.Close())
	}
}

// awaitLog waits until something was logged.
func (p *process) awaitLog(word string) {
	p.Helper()
	p.awaitLines(word, 1)
}

// awaitLines waits until it was logged so many times.
func (p *process) awaitLines(word string, n int) {
	p.Helper()
	err := kube.Await(p.Context(), "the log has "+word, func(context.Context) (bool, error) { return len(p.log.lines(word)) >= n, nil })
	if err != nil {
		p.Fatal(err)
	}
}
