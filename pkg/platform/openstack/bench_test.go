package openstack

import (
	"testing"
	"time"

	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// BenchmarkPlanOfAThousand plans for 1000 routers on 1000 nodes, all of them in need.
func BenchmarkPlanOfAThousand(b *testing.B) {
	server, err := fakeneutron.Start(fakeneutron.Options{Ports: 1000})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	l := &lab{Server: server, seed: server.Seed()}
	cloud, err := Connect(b.Context(), Credentials{Cloud: "k8s", CloudsYAML: server.CloudsYAML()})
	if err != nil {
		b.Fatal(err)
	}
	a, err := New(cloud, Options{})
	if err != nil {
		b.Fatal(err)
	}
	need := l.perNode()
	for b.Loop() {
		if plan, err := a.Plan(b.Context(), need); err != nil || len(plan.Changes) != len(need) {
			b.Fatal(err, len(plan.Changes))
		}
	}
}

// BenchmarkTwoHundredPorts fixes 200 ports where every request takes 50 ms. The floor with 8 writes in flight is
// (13 + 200/8) x 50 ms, 1.9 s.
func BenchmarkTwoHundredPorts(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		server, err := fakeneutron.Start(fakeneutron.Options{Ports: 200, Delay: 50 * time.Millisecond})
		if err != nil {
			b.Fatal(err)
		}
		l := &lab{Server: server, seed: server.Seed()}
		b.StartTimer()
		cloud, err := Connect(b.Context(), Credentials{Cloud: "k8s", CloudsYAML: server.CloudsYAML()})
		if err != nil {
			b.Fatal(err)
		}
		a, err := New(cloud, Options{})
		if err != nil {
			b.Fatal(err)
		}
		plan, err := a.Plan(b.Context(), l.perNode())
		if err != nil {
			b.Fatal(err)
		}
		if err := a.Apply(b.Context(), plan, nil); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		server.Close()
		b.StartTimer()
	}
}
