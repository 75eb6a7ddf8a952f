package sync

import (
	"context"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics are what /metrics serves.
type metrics struct {
	registry                          *prometheus.Registry
	passes, errors, requests          *prometheus.CounterVec
	leader, routers, outOfStep, pairs prometheus.Gauge
	lastSuccess                       prometheus.Gauge
	delay                             prometheus.Histogram
}

func newMetrics() *metrics {
	name := func(s string) string { return "kubectl_egress_sync_" + s }
	gauge := func(s, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name(s), Help: help})
	}
	counter := func(s, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name(s), Help: help}, labels)
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		passes:   counter("passes_total", "Comparisons of the cluster with Neutron, by result: ok or error.", "result"),
		errors: counter("errors_total",
			"What went wrong, by what it is about: cluster, watch, objects, cloud, router, record, change, election or events.", "about"),
		requests: counter("neutron_requests_total",
			"Requests to Keystone and Neutron, by method and status; PUT is a write of a port, and 412 one that came too late.", "method", "code"),
		leader:      gauge("leader", "1 where this process is the one that writes."),
		routers:     gauge("routers", "Egress routers that are kept in step."),
		outOfStep:   gauge("routers_out_of_step", "Egress routers whose frames Neutron drops, or may drop."),
		pairs:       gauge("pairs", "Allowed-address pairs that stand by this tool's hand."),
		lastSuccess: gauge("last_success_timestamp_seconds", "When the cluster was last compared with Neutron, and brought in step."),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: name("delay_seconds"), Help: "From the moment that a pod's net1 was seen on another node to the pair that lets it through.",
			Buckets: []float64{.1, .25, .5, 1, 2, 5, 10, 30, 60, 300},
		}),
	}
	m.registry.MustRegister(m.passes, m.errors, m.requests, m.leader, m.routers, m.outOfStep, m.pairs, m.lastSuccess, m.delay,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// passed counts a pass; one that was interrupted is none.
func (m *metrics) passed(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil:
		m.passes.WithLabelValues("error").Inc()
	default:
		m.passes.WithLabelValues("ok").Inc()
		m.lastSuccess.SetToCurrentTime()
	}
}

// heard counts a request, of which openstack.Credentials.Log tells with the request line and the status, or what kept
// it from having one.
func (m *metrics) heard(_ string, args ...any) {
	if len(args) < 2 {
		return
	}
	line, _ := args[0].(string)
	method, _, _ := strings.Cut(line, " ")
	code := "none"
	if status, ok := args[1].(int); ok {
		code = strconv.Itoa(status)
	}
	m.requests.WithLabelValues(method, code).Inc()
}
