package cluster_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/test/apiproxy"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

// server is a cluster in which routers come up, and what a test needs to get at it.
type server struct {
	*lab.Lab
	admin client.Client
	proxy *apiproxy.Proxy
	// client goes through the proxy, with all rights.
	client *cluster.Client
}

func startServer(t *testing.T, o lab.Options) *server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	l, err := lab.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(); err != nil {
			t.Error(err)
		}
	})
	s := &server{Lab: l}
	if s.admin, err = kube.NewClient(l.Config); err != nil {
		t.Fatal(err)
	}
	if s.proxy, err = apiproxy.Start(l.Config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.proxy.Close() })
	s.client = newClient(t, &rest.Config{Host: s.proxy.URL, QPS: -1})
	return s
}

func newClient(t *testing.T, cfg *rest.Config) *cluster.Client {
	t.Helper()
	c, err := cluster.New(cfg, egress.ManagedByValue)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *server) create(t *testing.T, objects ...client.Object) {
	t.Helper()
	for _, object := range objects {
		if err := s.admin.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *server) namespace(t *testing.T, name string) {
	t.Helper()
	s.create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
}

func (s *server) patch(t *testing.T, object client.Object, patch string) {
	t.Helper()
	if err := s.admin.Patch(t.Context(), object, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		t.Fatal(err)
	}
}

func (s *server) patchStatus(t *testing.T, object client.Object, patch string) {
	t.Helper()
	if err := s.admin.Status().Patch(t.Context(), object, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, done func(context.Context) (bool, error)) {
	t.Helper()
	if err := kube.Await(t.Context(), what, done); err != nil {
		t.Fatal(err)
	}
}

// kubeAwait is kube.Await for one who says what was waited for.
func kubeAwait(ctx context.Context, done func(context.Context) (bool, error)) error {
	return kube.Await(ctx, "it is as it should be", done)
}

// newRouter is a router with one rule.
func newRouter(namespace, name, address, gateway string) *nov1.EgressRouter {
	r := &nov1.EgressRouter{}
	r.Namespace, r.Name = namespace, name
	r.Spec.Addresses = []nov1.EgressRouterAddress{{IP: address, Gateway: gateway}}
	r.Spec.Redirect = &nov1.RedirectConfig{RedirectRules: []nov1.L4RedirectRule{{
		Port: 8080, Protocol: nov1.ProtocolTypeTCP, DestinationIP: "203.0.113.26", TargetPort: 80,
	}}}
	egress.SetDefaults(r)
	return r
}

// applyRouter creates or changes a router and its Service as the command does.
func applyRouter(ctx context.Context, c *cluster.Client, r *nov1.EgressRouter, provisioner egress.Provisioner) ([]apply.Applied, error) {
	a, err := apply.New(ctx, c, []*nov1.EgressRouter{r}, provisioner, true, apply.Options{})
	if err != nil {
		return nil, err
	}
	if err := a.RefuseOther(ctx, r, provisioner); err != nil {
		return nil, err
	}
	rendered, err := render.Router(r, provisioner, render.Options{})
	if err != nil {
		return nil, err
	}
	var objects []apply.Object
	for _, object := range rendered {
		objects = append(objects, apply.Fixed(object))
	}
	objects = append(objects, func(owner types.UID) (*unstructured.Unstructured, error) {
		return render.Service(r, render.ServiceOptions{Ports: egress.Ports(r), Provisioner: provisioner, Owner: owner})
	})
	return a.Router(ctx, apply.Request{Router: r, Objects: objects})
}

// serve applies a router and waits until it serves.
func serve(ctx context.Context, c *cluster.Client, r *nov1.EgressRouter, provisioner egress.Provisioner) error {
	applied, err := applyRouter(ctx, c, r, provisioner)
	if err != nil {
		return err
	}
	return apply.Wait(ctx, c, apply.Target{Router: apply.RouterOf(r, provisioner, applied)}, 30*time.Second, func(string) {})
}

// remove deletes a router and waits until it is gone.
func remove(ctx context.Context, c *cluster.Client, r *nov1.EgressRouter) error {
	remains, err := apply.LeftoverOf(ctx, c, r.Namespace, r.Name, egress.Auto, false)
	if err != nil {
		return err
	}
	if err := apply.Delete(ctx, c, remains, false, func(*unstructured.Unstructured) {}); err != nil {
		return err
	}
	return apply.WaitGone(ctx, c, remains, 30*time.Second, func(string) {})
}

// asked are the requests since the last Reset, sorted: the path, and the selectors of a list.
func (s *server) asked() []string {
	var out []string
	for _, r := range s.proxy.Requests() {
		query, err := url.ParseQuery(r.Query)
		if err != nil {
			query = nil
		}
		out = append(out, strings.TrimSpace(r.Path+" "+query.Get("labelSelector")+query.Get("fieldSelector")))
	}
	slices.Sort(out)
	return out
}

// TestOpenShift shares one cluster; its parts have namespaces of their own, and read before others write
// where they count.
func TestOpenShift(t *testing.T) {
	s := startServer(t, lab.Options{OpenShift: true})
	t.Run("snapshot", s.testSnapshot)
	t.Run("requests", s.testRequests)
	t.Run("faults", s.testFaults)
	t.Run("secrets", s.testSecrets)
	t.Run("namespaced rights", s.testNamespacedRights)
	t.Run("record", s.testRecord)
	t.Run("policy", s.testPolicy)
	t.Run("roles", s.testRoles)
	t.Run("trust", s.testTrust)
}

// key is where an object is.
func key(object client.Object) client.ObjectKey { return client.ObjectKeyFromObject(object) }
