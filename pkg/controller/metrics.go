package controller

import (
	"context"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// metrics are what /metrics serves.
type metrics struct {
	registry                          *prometheus.Registry
	passes, errors, requests          *prometheus.CounterVec
	leader, routers, outOfStep, pairs prometheus.Gauge
	lastSuccess                       prometheus.Gauge
	findings                          *prometheus.GaugeVec
	delay                             prometheus.Histogram

	// counted are the findings that are served, by code and level.
	counted map[kind]int
}

// kind is what findings are counted by.
type kind struct {
	code  finding.Code
	level finding.Level
}

// newMetrics makes those that make sense on a platform.
func newMetrics(on platform.Name) *metrics {
	name := func(s string) string { return "kubectl_egress_sync_" + s }
	gauge := func(s, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name(s), Help: help})
	}
	counter := func(s, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name(s), Help: help}, labels)
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		passes:   counter("passes_total", "Comparisons of the cluster with the platform, by result: ok or error.", "result"),
		errors: counter("errors_total",
			"What went wrong, by what it is about: cluster, watch, objects, cloud, router, record, change, election or events.", "about"),
		requests: counter("neutron_requests_total",
			"Requests to Keystone and Neutron, by method and status; PUT is a write of a port, and 412 one that came too late.", "method", "code"),
		leader:      gauge("leader", "1 where this process is the one that works."),
		routers:     gauge("routers", "Egress routers that are looked after."),
		outOfStep:   gauge("routers_out_of_step", "Egress routers whose frames the platform drops, or may drop."),
		pairs:       gauge("pairs", "Allowed-address pairs that stand by this tool's hand."),
		lastSuccess: gauge("last_success_timestamp_seconds", "When the cluster was last compared with the platform, and all done that could be."),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: name("delay_seconds"), Help: "From the moment that a pod's net1 was seen on another node to the pair that lets it through.",
			Buckets: []float64{.1, .25, .5, 1, 2, 5, 10, 30, 60, 300},
		}),
	}
	m.findings = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: name("findings"), Help: "What the last audit has found, by code and level: error or warning.",
	}, []string{"code", "level"})
	m.registry.MustRegister(m.passes, m.errors, m.leader, m.routers, m.outOfStep, m.lastSuccess,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if on == platform.OpenStack {
		m.registry.MustRegister(m.requests, m.pairs, m.delay)
	} else {
		m.registry.MustRegister(m.findings)
	}
	return m
}

// found serves how many findings there are that say of something that it is wrong; those of before that are gone are
// served no more.
func (m *metrics) found(findings []finding.Finding) {
	now := map[kind]int{}
	for _, f := range findings {
		if f.Level != finding.Info {
			now[kind{f.Code, f.Level}]++
		}
	}
	for k, n := range now {
		m.findings.WithLabelValues(string(k.code), string(k.level)).Set(float64(n))
	}
	for k := range m.counted {
		if now[k] == 0 {
			m.findings.DeleteLabelValues(string(k.code), string(k.level))
		}
	}
	m.counted = now
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
