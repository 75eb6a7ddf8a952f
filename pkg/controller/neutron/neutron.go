// Package neutron is the controller's work on OpenStack: it keeps Neutron in step with routers whose pods move.
//
// Everything is planned for the whole cluster at once, so that a port is written once however many routers it changes
// for, and so that no pair is taken away that another router needs. What is remembered only tells when to look: before
// anything is written, routers and pods are read from the API server itself, and where they cannot be, nothing is.
package neutron

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/util/workqueue"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/mirror"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
)

// Options say how Neutron is kept in step.
type Options struct {
	// Connect logs in to the cloud. log must be told of each request, as openstack.Credentials.Log is.
	Connect func(ctx context.Context, log func(format string, args ...any)) (*openstack.Cloud, error)
	// Records are where it is kept what was written.
	Records *apply.Records
	// Concurrency and MaxPairs are the OpenStack adapter's.
	Concurrency, MaxPairs int
	// Caller words the commands that are printed.
	Caller finding.Caller
}

// work is the controller.Work on OpenStack.
type work struct {
	*controller.Environment
	Options
	pairs    prometheus.Gauge
	delay    prometheus.Histogram
	requests *prometheus.CounterVec

	mu sync.Mutex
	// orphans are routers that were seen to go.
	orphans map[wish]orphan
	// news is when there was first news of a router that no pass has seen yet.
	news map[string]time.Time

	// The rest belongs to the loop.
	cloud *openstack.Cloud
	// read tells that the records were read once.
	read bool
	// forged tells that it was said that an annotation is ignored.
	forged bool
	// places are where the frames of each router leave, and moved is when that was first known, until it is in step.
	places map[string]string
	moved  map[string]time.Time
	// held are the addresses that routers were granted when that was last judged so, until what was written for them is taken back.
	held map[string]netip.Addr
	// denied is what was said of each router that is not granted what it asks for.
	denied map[string]string
	// done is what the last pass has left.
	done *state
	// limiter says how long a router that could not be helped is left alone, and due when it is to be tried again.
	limiter workqueue.TypedRateLimiter[string]
	due     map[string]time.Time
}

// Mirror is what this work needs of the cluster, for controller.Options.
func Mirror() mirror.Options { return mirror.Options{Trust: true} }

// New prepares the work, for controller.Options.
func New(o Options) func(*controller.Environment) controller.Work {
	return func(e *controller.Environment) controller.Work {
		return &work{
			Environment: e, Options: o,
			pairs: e.Metrics.Gauge("pairs", "Allowed-address pairs that stand by this tool's hand."),
			delay: e.Metrics.NewHistogram(prometheus.HistogramOpts{
				Name: "delay_seconds", Help: "From the moment that a pod's net1 was seen on another node to the pair that lets it through.",
				Buckets: []float64{.1, .25, .5, 1, 2, 5, 10, 30, 60, 300},
			}),
			requests: e.Metrics.NewCounterVec(prometheus.CounterOpts{
				Name: "neutron_requests_total",
				Help: "Requests to Keystone and Neutron, by method and status; PUT is a write of a port, and 412 one that came too late.",
			}, []string{"method", "code"}),
			orphans: map[wish]orphan{}, news: map[string]time.Time{},
			places: map[string]string{}, held: map[string]netip.Addr{}, denied: map[string]string{}, moved: map[string]time.Time{}, due: map[string]time.Time{},
			limiter: workqueue.NewTypedItemExponentialFailureRateLimiter[string](e.Backoff, e.LongestBackoff),
		}
	}
}

// Changed notes when there was first news of a router since the last pass.
func (w *work) Changed(router string) {
	w.mu.Lock()
	if _, known := w.news[router]; !known {
		w.news[router] = time.Now()
	}
	w.mu.Unlock()
	w.Add(router)
}

// takeNews returns the news that no pass has seen yet.
func (w *work) takeNews() map[string]time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	news := w.news
	w.news = map[string]time.Time{}
	return news
}

// Close does nothing: a token of Keystone's ends by itself.
func (w *work) Close(context.Context) {}

// countRequest counts a request, of which openstack.Credentials.Log tells with the request line and the status, or what
// kept it from having one.
func (w *work) countRequest(_ string, args ...any) {
	if len(args) < 2 {
		return
	}
	line, _ := args[0].(string)
	method, _, _ := strings.Cut(line, " ")
	code := "none"
	if status, ok := args[1].(int); ok {
		code = strconv.Itoa(status)
	}
	w.requests.WithLabelValues(method, code).Inc()
}
