package cluster_test

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
	"github.com/kubectl-egress/kubectl-egress/test/apiproxy"
)

// testRequests: which lists are read, each once, whatever there is of routers and namespaces.
func (s *server) testRequests(t *testing.T) {
	s.namespace(t, "requests")
	if err := serve(t.Context(), s.client, newRouter("requests", "partner-a", "192.168.13.99/24", "192.168.13.1"), egress.Operator); err != nil {
		t.Fatal(err)
	}
	routers := []string{
		"/api/v1/pods app.kubernetes.io/managed-by=kubectl-egress,app.kubernetes.io/name=egress-router",
		"/api/v1/pods app=egress-router-cni",
		"/api/v1/services",
		"/apis/apps/v1/deployments app.kubernetes.io/managed-by=kubectl-egress,app.kubernetes.io/name=egress-router",
		"/apis/network.operator.openshift.io/v1/egressrouters",
	}
	all := append(slices.Clone(routers),
		"/api/v1/namespaces",
		"/api/v1/nodes",
		"/apis/apps/v1/deployments metadata.name=egress-router-cni-deployment",
		"/apis/cloud.network.openshift.io/v1/cloudprivateipconfigs",
		"/apis/config.openshift.io/v1/clusteroperators/network",
		"/apis/config.openshift.io/v1/infrastructures/cluster",
		"/apis/config.openshift.io/v1/networks/cluster",
		"/apis/discovery.k8s.io/v1/endpointslices",
		"/apis/k8s.cni.cncf.io/v1/network-attachment-definitions",
		"/apis/k8s.ovn.org/v1/egressips",
		"/apis/networking.k8s.io/v1/networkpolicies",
		"/apis/networking.k8s.io/v1/servicecidrs",
	)
	in := func(lists []string) []string {
		var out []string
		for _, list := range lists {
			for _, resource := range []string{"pods", "services", "deployments", "egressrouters", "endpointslices", "network-attachment-definitions", "networkpolicies"} {
				list = strings.Replace(list, "v1/"+resource, "v1/namespaces/requests/"+resource, 1)
			}
			out = append(out, list)
		}
		return out
	}
	own := slices.Clone(all)
	own[slices.Index(own, "/api/v1/namespaces")] = "/api/v1/namespaces/requests"
	for name, test := range map[string]struct {
		options read.Options
		want    []string
	}{
		"get -A": {read.Options{}, routers},
		"get":    {read.Options{Namespace: "requests"}, in(routers)},
		"checks, with a pod that hangs elsewhere": {read.Options{Namespace: "requests", Wide: true, Checks: true}, all},
		"checks, with a pod that hangs": {read.Options{Namespace: "hung", Wide: true, Checks: true},
			append(slices.Clone(all), "/api/v1/namespaces/hung/events reason=FailedCreatePodSandBox")},
		"checks in one namespace": {read.Options{Namespace: "requests", Checks: true}, in(own)},
	} {
		t.Run(name, func(t *testing.T) {
			s.proxy.Reset()
			if _, err := read.Snapshot(t.Context(), s.client, test.options); err != nil {
				t.Fatal(err)
			}
			got := s.asked()
			want := slices.Sorted(slices.Values(test.want))
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// testFaults: a server that is busy, away, or cuts connections on every third request gives the same picture
// in the end.
func (s *server) testFaults(t *testing.T) {
	options := read.Options{Namespace: "requests", Wide: true, Checks: true}
	want, err := read.Snapshot(t.Context(), s.client, options)
	if err != nil {
		t.Fatal(err)
	}
	for name, fault := range map[string]apiproxy.Fault{
		"busy": {Status: http.StatusTooManyRequests, RetryAfter: 1}, "away": {Status: http.StatusServiceUnavailable},
		"dropped": {Drop: true}, "lost": {LoseAnswer: true},
	} {
		t.Run(name, func(t *testing.T) {
			s.proxy.Reset()
			s.proxy.Tamper(func(n int, _ apiproxy.Request) apiproxy.Fault {
				if n%3 == 1 {
					return fault
				}
				return apiproxy.Fault{}
			})
			defer s.proxy.Tamper(nil)
			got, err := read.Snapshot(t.Context(), s.client, options)
			if err != nil {
				t.Fatal(err)
			}
			// A hanging pod's event goes on counting.
			for _, one := range []*snapshot.Snapshot{got, want} {
				one.Taken = time.Time{}
				for i := range one.Pods {
					one.Pods[i].Events = nil
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, want)
			}
		})
	}
}
