package controller_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// newSiteBehind makes a site in a namespace of its own, which is the whole cluster for whoever uses its config: so
// several syncs, each with a Neutron of its own, share one API server.
func (c *shared) newSiteBehind(t *testing.T, namespace string, o fakeneutron.Options) *site {
	t.Helper()
	c.prepare(t, namespace)
	config := rest.CopyConfig(c.cluster.Config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return window{next, namespace} })
	s := c.newSiteIn(t, namespace, namespace+"-", config, o)
	s.granted = namespace
	s.grant(wholeGrant)
	return s
}

// window has requests for all namespaces ask for one alone, those for nodes for those of its site, and those for grants for the
// ones in its namespace.
type window struct {
	next      http.RoundTripper
	namespace string
}

func (w window) RoundTrip(r *http.Request) (*http.Response, error) {
	parts := strings.Split(r.URL.Path, "/")
	resource := parts[len(parts)-1]
	switch {
	case slices.Contains([]string{"pods", "deployments", "network-attachment-definitions"}, resource) && !slices.Contains(parts, "namespaces"):
		r = r.Clone(r.Context())
		r.URL.Path = strings.TrimSuffix(r.URL.Path, resource) + "namespaces/" + w.namespace + "/" + resource
	case resource == "configmaps" && slices.Contains(parts, egress.Namespace):
		r = r.Clone(r.Context())
		r.URL.Path = strings.Replace(r.URL.Path, "/"+egress.Namespace+"/", "/"+w.namespace+"/", 1)
	case resource == "nodes":
		r = r.Clone(r.Context())
		query := r.URL.Query()
		query.Set("labelSelector", labelSite+"="+w.namespace)
		r.URL.RawQuery = query.Encode()
	}
	return w.next.RoundTrip(r)
}
