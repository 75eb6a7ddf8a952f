package controller_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// page is what a sync serves.
type page struct {
	*site
	url string
}

// get reads a page.
func (p page) get(path string) (int, string) {
	p.Helper()
	answer, err := http.Get(p.url + path)
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		p.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// awaitMetric waits until /metrics has a line.
func (p page) awaitMetric(line string) {
	p.Helper()
	err := kube.Await(p.Context(), "/metrics has "+line, func(context.Context) (bool, error) {
		_, body := p.get("/metrics")
		return slices.Contains(strings.Split(body, "\n"), line), nil
	})
	if err != nil {
		_, body := p.get("/metrics")
		p.Fatalf("%v:\n%s", err, body)
	}
}

// awaitPasses waits until so many more passes have ended, well or not.
func (p page) awaitPasses(more float64) {
	p.Helper()
	const metric = "kubectl_egress_sync_passes_total"
	last := p.sum(metric) + more
	err := kube.Await(p.Context(), "passes have ended", func(context.Context) (bool, error) { return p.sum(metric) >= last, nil })
	if err != nil {
		p.Fatal(err)
	}
}

// sum adds up the lines of /metrics whose name is that, whatever their labels.
func (p page) sum(name string) float64 {
	p.Helper()
	_, body := p.get("/metrics")
	total := 0.0
	for line := range strings.Lines(body) {
		metric, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if metric, _, _ = strings.Cut(metric, "{"); metric != name {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			p.Fatalf("reading the metric %s: %v", line, err)
		}
		total += n
	}
	return total
}
