package controller

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics are what /metrics serves of any work. A work adds its own: the names of both begin with kubectl_egress_sync_.
type Metrics struct {
	promauto.Factory
	// Errors counts by what they are about.
	Errors *prometheus.CounterVec
	// Routers are those that are looked after, and OutOfStep those whose frames the platform drops, or may drop.
	Routers, OutOfStep prometheus.Gauge

	registry            *prometheus.Registry
	passes              *prometheus.CounterVec
	leader, lastSuccess prometheus.Gauge
}

func newMetrics() *Metrics {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m := &Metrics{registry: registry, Factory: promauto.With(prometheus.WrapRegistererWithPrefix("kubectl_egress_sync_", registry))}
	m.passes = m.NewCounterVec(prometheus.CounterOpts{
		Name: "passes_total", Help: "Comparisons of the cluster with the platform, by result: ok or error.",
	}, []string{"result"})
	m.Errors = m.NewCounterVec(prometheus.CounterOpts{
		Name: "errors_total",
		Help: "What went wrong, by what it is about: cluster, watch, objects, cloud, router, settings, record, change, election or events.",
	}, []string{"about"})
	m.leader = m.Gauge("leader", "1 where this process is the one that works.")
	m.Routers = m.Gauge("routers", "Egress routers that are looked after.")
	m.OutOfStep = m.Gauge("routers_out_of_step", "Egress routers whose frames the platform drops, or may drop.")
	m.lastSuccess = m.Gauge("last_success_timestamp_seconds", "When the cluster was last compared with the platform, and all done that could be.")
	return m
}

// Gauge adds one.
func (m *Metrics) Gauge(name, help string) prometheus.Gauge {
	return m.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
}

// Passed counts a pass; one that was interrupted is none.
func (m *Metrics) Passed(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil:
		m.passes.WithLabelValues("error").Inc()
	default:
		m.passes.WithLabelValues("ok").Inc()
		m.lastSuccess.SetToCurrentTime()
	}
}
