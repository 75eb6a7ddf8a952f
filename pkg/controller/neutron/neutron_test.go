package neutron

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
)

func TestLacking(t *testing.T) {
	one := openstack.Pair{Port: "1", IP: "10.0.0.9", MAC: "02:00:00:00:00:0a"}
	other := openstack.Pair{Port: "2", IP: "10.0.0.9", MAC: "02:00:00:00:00:0a"}
	if got := lacking([]openstack.Pair{one, other}, []openstack.Pair{one}); len(got) != 1 || got[0] != other {
		t.Errorf("got %v", got)
	}
}

func TestCountRequest(t *testing.T) {
	registry := prometheus.NewRegistry()
	w := &work{requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests"}, []string{"method", "code"})}
	registry.MustRegister(w.requests)
	w.countRequest("%s: %d in %s", "PUT 127.0.0.1:1/v2.0/ports/1", 412, time.Second)
	w.countRequest("%s: %s", "GET 127.0.0.1:1/v2.0/ports", "connection refused")
	w.countRequest("nothing")
	got, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, metric := range got[0].GetMetric() {
		lines = append(lines, metric.GetLabel()[0].GetValue()+" "+metric.GetLabel()[1].GetValue())
	}
	if text := strings.Join(lines, ", "); text != "412 PUT, none GET" {
		t.Errorf("got %s", text)
	}
}
