package controller

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
)

func TestTroubles(t *testing.T) {
	var out bytes.Buffer
	drop := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "after" {
			return slog.Attr{}
		}
		return a
	}
	troubles := newTroubles(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: drop})), newMetrics(platform.OpenStack))
	away, else1 := errors.New("Neutron is away"), errors.New("Neutron says no")
	said := []bool{troubles.say("cloud", away), troubles.say("cloud", away), troubles.say("cloud", else1)}
	// Time goes by.
	troubles.known["cloud"] = trouble{away.Error(), time.Now(), time.Now().Add(-reword)}
	said = append(said, troubles.say("cloud", away), troubles.say("cloud", else1))
	troubles.known["cloud"] = trouble{else1.Error(), time.Now(), time.Now().Add(-reminder)}
	said = append(said, troubles.say("cloud", else1), troubles.say("router a/b", away))
	troubles.over("cloud")
	troubles.over("cloud")
	troubles.keep(nil, nil)
	troubles.over("router a/b")
	said = append(said, troubles.say("cloud", away))
	want := []bool{true, false, false, false, true, false, true, true}
	for i := range want {
		if said[i] != want[i] {
			t.Errorf("what was said is news: %v, want %v", said, want)
			break
		}
	}
	const log = `level=WARN msg="Neutron is away" about=cloud
level=WARN msg="Neutron says no" about=cloud
level=WARN msg="Neutron says no" about=cloud
level=WARN msg="Neutron is away" about=router
level=INFO msg="over: Neutron says no"
level=WARN msg="Neutron is away" about=cloud
`
	if out.String() != log {
		t.Errorf("the log is\n%s\nwant\n%s", out.String(), log)
	}
}

func TestLacking(t *testing.T) {
	a := openstack.Pair{Port: "1", IP: "10.0.0.9", MAC: "02:00:00:00:00:0A"}
	same := openstack.Pair{Port: "1", IP: "10.0.0.9", MAC: "02:00:00:00:00:0a"}
	other := openstack.Pair{Port: "2", IP: "10.0.0.9", MAC: "02:00:00:00:00:0a"}
	if got := lacking([]openstack.Pair{a, other}, []openstack.Pair{same}); len(got) != 1 || got[0] != other {
		t.Errorf("got %v", got)
	}
	if got := with([]openstack.Pair{a}, same); len(got) != 1 {
		t.Errorf("the same pair was added: %v", got)
	}
}

func TestHeard(t *testing.T) {
	m := newMetrics(platform.OpenStack)
	m.heard("%s: %d in %s", "PUT 127.0.0.1:1/v2.0/ports/1", 412, time.Second)
	m.heard("%s: %s", "GET 127.0.0.1:1/v2.0/ports", "connection refused")
	m.heard("nothing")
	got, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, family := range got {
		if family.GetName() == "kubectl_egress_sync_neutron_requests_total" {
			for _, metric := range family.GetMetric() {
				lines = append(lines, metric.GetLabel()[0].GetValue()+" "+metric.GetLabel()[1].GetValue())
			}
		}
	}
	if text := strings.Join(lines, ", "); text != "412 PUT, none GET" {
		t.Errorf("got %s", text)
	}
}
