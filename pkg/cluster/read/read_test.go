package read

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// forgetful is an API server with three nodes that forgets what comes after the first page.
type forgetful struct {
	lock  sync.Mutex
	asked []string
}

func (f *forgetful) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path != "/api/v1/nodes" {
		_, _ = fmt.Fprint(w, `{"kind":"List","apiVersion":"v1","metadata":{},"items":[]}`)
		return
	}
	f.lock.Lock()
	f.asked = append(f.asked, r.URL.RawQuery)
	f.lock.Unlock()
	switch query := r.URL.Query(); {
	case query.Get("continue") != "":
		w.WriteHeader(http.StatusGone)
		_, _ = fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410}`)
	case query.Get("limit") != "":
		_, _ = fmt.Fprint(w, `{"kind":"NodeList","apiVersion":"v1","metadata":{"continue":"x"},"items":[{"metadata":{"name":"a"}}]}`)
	default:
		_, _ = fmt.Fprint(w, `{"kind":"NodeList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}},{"metadata":{"name":"c"}}]}`)
	}
}

// TestExpiredList: a list whose pages the server has forgotten is read again, at once, and nothing is twice
// in it.
func TestExpiredList(t *testing.T) {
	server := &forgetful{}
	r := Of(cluster.Nodes)
	part, err := One(t.Context(), clientOf(t, server), r, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, n := range part.Nodes {
		names = append(names, n.Name)
	}
	if want := []string{"a", "b", "c"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	if want := []string{"limit=500", "continue=x&limit=500", ""}; !slices.Equal(server.asked, want) {
		t.Errorf("asked %q, want %q", server.asked, want)
	}
}

// TestTrim: what affects no router is left out, and the namespace asked for stays.
func TestTrim(t *testing.T) {
	r := snapshot.Router{Provisioner: "operator"}
	r.Namespace, r.Name = "billing", "partner-a"
	app := map[string]string{"app": "egress-router-cni"}
	s := &snapshot.Snapshot{
		Routers:    []snapshot.Router{r},
		Services:   []snapshot.Service{{Namespace: "billing", Name: "a", Selector: app}, {Namespace: "billing", Name: "b", Selector: map[string]string{"app": "x"}}, {Namespace: "shop", Name: "a", Selector: app}},
		Endpoints:  []snapshot.Endpoints{{Namespace: "billing", Service: "a"}, {Namespace: "billing", Service: "b"}, {Namespace: "shop", Service: "a"}},
		Namespaces: []snapshot.Namespace{{Name: "billing"}, {Name: "shop"}, {Name: "new"}},
		NetworkPolicies: []snapshot.NetworkPolicy{
			{Namespace: "billing", Name: "all"}, {Namespace: "shop", Name: "all"},
		},
	}
	trim(s, "new")
	got := fmt.Sprint(s.Services, s.Endpoints, s.Namespaces, s.NetworkPolicies)
	want := fmt.Sprint(
		[]snapshot.Service{{Namespace: "billing", Name: "a", Selector: app}}, []snapshot.Endpoints{{Namespace: "billing", Service: "a"}},
		[]snapshot.Namespace{{Name: "billing"}, {Name: "new"}}, []snapshot.NetworkPolicy{{Namespace: "billing", Name: "all"}})
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
