package mirror

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// lister answers lists with one Deployment, and holds a watch open that tells of its change.
type lister struct {
	lock  sync.Mutex
	asked []string
}

func (l *lister) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const deployment = `{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"egress-router-cni-deployment","namespace":"billing","uid":"1","resourceVersion":"%d"},"status":{"availableReplicas":%d}}`
	query := r.URL.Query()
	l.lock.Lock()
	l.asked = append(l.asked, strings.Join([]string{r.URL.Path, query.Get("watch"), query.Get("labelSelector"), query.Get("fieldSelector"), query.Get("resourceVersion")}, " "))
	l.lock.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.Contains(r.URL.Path, "secret"):
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"cannot list resource"}`)
	case query.Get("watch") == "":
		_, _ = fmt.Fprintf(w, `{"kind":"DeploymentList","apiVersion":"apps/v1","metadata":{"resourceVersion":"1"},"items":[`+deployment+`]}`, 1, 0)
	default:
		_, _ = fmt.Fprintf(w, `{"type":"MODIFIED","object":`+deployment+"}\n", 2, 1)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
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

// TestSource: a source of one namespace asks for what its reading selects, fills a Snapshot, keeps the objects where it
// is told to, and tells of changes.
func TestSource(t *testing.T) {
	t.Run("from the server's cache", func(t *testing.T) {
		testSource(t, func(s *Source) *Source { return s }, "0")
	})
	t.Run("fresh", func(t *testing.T) { testSource(t, (*Source).Fresh, "") })
}

// testSource begins with a list of that version.
func testSource(t *testing.T, with func(*Source) *Source, version string) {
	t.Helper()
	server := &lister{}
	r := read.OperatorDeployments().Labelled(read.Operators())
	r.Format = cluster.AsUnstructured
	s := with(NewSource(clientOf(t, server), r, "billing").Whole())
	news := make(chan *held, 2)
	if err := s.handle(func(_, after *held) { news <- after }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go s.run(ctx)
	var last *held
	for range 2 {
		select {
		case last = <-news:
		case <-time.After(10 * time.Second):
			t.Fatalf("no news; asked %q", server.asked)
		}
	}
	var got snapshot.Snapshot
	if err := s.fill(&got); err != nil || !s.synced() || s.trouble() != nil {
		t.Fatalf("filling gives %v, synced %t, trouble %v", err, s.synced(), s.trouble())
	}
	if len(got.Deployments) != 1 || got.Deployments[0].Available != 1 || last.object == nil || last.ResourceVersion != "2" {
		t.Errorf("got %+v, last %+v", got.Deployments, last)
	}
	server.lock.Lock()
	defer server.lock.Unlock()
	const selected = " app=egress-router-cni metadata.name=egress-router-cni-deployment"
	const path = "/apis/apps/v1/namespaces/billing/deployments "
	if len(server.asked) != 2 || server.asked[0] != path+selected+" "+version || server.asked[1] != path+"true"+selected+" 1" {
		t.Errorf("asked %q", server.asked)
	}
}

// TestSourceRefused: what the user may not read is told at once.
func TestSourceRefused(t *testing.T) {
	s := NewSource(clientOf(t, &lister{}), cluster.MetadataOf(cluster.Secrets), "billing")
	refused := make(chan error, 1)
	s.refused = func(err error) { refused <- err }
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go s.run(ctx)
	select {
	case err := <-refused:
		if !apierrors.IsForbidden(err) || s.trouble() == nil {
			t.Errorf("refused with %v, trouble %v", err, s.trouble())
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing was refused")
	}
}
