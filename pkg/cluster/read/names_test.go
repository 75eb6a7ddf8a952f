package read

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// answers is an API server that knows these paths; nil is "forbidden", and what is not there "not found".
type answers map[string][]string

func (a answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	names, known := a[r.URL.Path]
	switch {
	case !known:
		http.NotFound(w, r)
	case names == nil:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`)
	default:
		if !strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadataList") {
			http.Error(w, "only metadata is to be asked for", http.StatusNotAcceptable)
			return
		}
		var items []string
		for _, name := range names {
			items = append(items, fmt.Sprintf(`{"metadata":{"name":%q,"annotations":{"kubectl-egress.io/router":"{}"}}}`, name))
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","items":[%s]}`, strings.Join(items, ","))
	}
}

// clientOf is a client of a server that runs until the test ends.
func clientOf(t *testing.T, handler http.Handler) *cluster.Client {
	t.Helper()
	c, err := cluster.New(kube.Serve(t, handler), "test")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRouterNames(t *testing.T) {
	const routers, deployments = "/apis/network.operator.openshift.io/v1/namespaces/billing/egressrouters", "/apis/apps/v1/namespaces/billing/deployments"
	for name, test := range map[string]struct {
		server answers
		want   []string
	}{
		"both":                   {answers{routers: {"b"}, deployments: {"c", "a"}}, []string{"a", "b", "c"}},
		"no EgressRouters":       {answers{deployments: {"a"}}, []string{"a"}},
		"forbidden EgressRouter": {answers{routers: nil, deployments: {"a"}}, []string{"a"}},
		"nothing allowed":        {answers{routers: nil, deployments: nil}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := RouterNames(t.Context(), clientOf(t, test.server), "billing")
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %q and %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestNamespaceNames(t *testing.T) {
	const namespaces, projects = "/api/v1/namespaces", "/apis/project.openshift.io/v1/projects"
	for name, test := range map[string]struct {
		server answers
		want   []string
	}{
		"an administrator":           {answers{namespaces: {"default", "billing"}, projects: {"no"}}, []string{"billing", "default"}},
		"someone on OpenShift":       {answers{namespaces: nil, projects: {"billing"}}, []string{"billing"}},
		"someone on another cluster": {answers{namespaces: nil}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := NamespaceNames(t.Context(), clientOf(t, test.server))
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %q and %v, want %q", got, err, test.want)
			}
		})
	}
}
