package cluster_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

// testNamespacedRights: with rights in one namespace alone, that one is read, and all else is unknown.
func (s *server) testNamespacedRights(t *testing.T) {
	s.namespace(t, "narrow")
	if err := serve(t.Context(), s.client, newRouter("narrow", "partner-a", "192.168.19.99/24", "192.168.19.1"), egress.Operator); err != nil {
		t.Fatal(err)
	}
	// Kubernetes' own role for viewing knows nothing of the custom resources.
	s.bind(t, "narrow", "nora", "view")
	c := s.as(t, "nora")
	var got *snapshot.Snapshot
	eventually(t, "the pods can be read", func(ctx context.Context) (bool, error) {
		var err error
		got, err = read.Snapshot(ctx, c, read.Options{Namespace: "narrow", Wide: true, Checks: true})
		return err == nil && len(got.Pods) == 1, err
	})
	var unknown []string
	for _, u := range got.Unknown {
		unknown = append(unknown, u.String())
	}
	want := []string{
		"cloudprivateipconfigs of the whole cluster", "clusteroperators of the whole cluster", "deployments in other namespaces",
		"egressips of the whole cluster", "egressrouters in namespace narrow", "endpointslices in other namespaces",
		"infrastructures of the whole cluster", "network-attachment-definitions in namespace narrow",
		"networkpolicies in other namespaces", "networks of the whole cluster", "nodes of the whole cluster", "other namespaces", "pods in other namespaces",
		"servicecidrs of the whole cluster", "services in other namespaces",
	}
	if !slices.Equal(unknown, want) {
		t.Errorf("unknown are\n%s\nwant\n%s", strings.Join(unknown, "\n"), strings.Join(want, "\n"))
	}
	if len(got.NotServed) > 0 || len(got.Deployments) != 1 || len(got.Namespaces) != 1 || got.Namespaces[0].Name != "narrow" {
		t.Errorf("not served %q, Deployments %+v, namespaces %+v", got.NotServed, got.Deployments, got.Namespaces)
	}
}

// TestVanilla: what is OpenShift's is not served, which is neither an error nor unknown, not even to a user
// who is told "forbidden" of it.
func TestVanilla(t *testing.T) {
	s := startServer(t, lab.Options{NoMultus: true})
	openShifts := []string{"cloudprivateipconfigs", "clusteroperators", "egressips", "egressrouters", "infrastructures", "network-attachment-definitions", "networks"}
	got, err := read.Snapshot(t.Context(), s.client, read.Options{Checks: true})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.NotServed, openShifts) || len(got.Unknown) > 0 {
		t.Errorf("not served %q, unknown %+v", got.NotServed, got.Unknown)
	}
	if want := (snapshot.Cluster{ServiceCIDRs: []string{"172.30.0.0/16"}}); !slices.Equal(got.Cluster.ServiceCIDRs, want.ServiceCIDRs) || got.Cluster.NetworkOperator != nil || got.Cluster.Platform != "" {
		t.Errorf("the cluster is %+v", got.Cluster)
	}
	got, err = read.Snapshot(t.Context(), s.as(t, "nobody"), read.Options{Namespace: "default", Wide: true, Checks: true})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.NotServed, openShifts) {
		t.Errorf("one without rights is told that %q are not served", got.NotServed)
	}
	if slices.ContainsFunc(got.Unknown, func(u snapshot.Unknown) bool { return slices.Contains(openShifts, u.Resource) }) {
		t.Errorf("unknown are %+v", got.Unknown)
	}
}
