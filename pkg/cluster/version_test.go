package cluster

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// versionServer serves the version, and of the APIs one whose group has other kinds only.
func versionServer(broken string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case broken != "" && strings.HasPrefix(r.URL.Path, broken):
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"no","code":403}`)
		case r.URL.Path == "/version":
			_, _ = fmt.Fprint(w, `{"major":"1","minor":"27+","gitVersion":"v1.27.3+4aaeaec"}`)
		case r.URL.Path == "/apis/k8s.cni.cncf.io/v1":
			_, _ = fmt.Fprint(w, `{"groupVersion":"k8s.cni.cncf.io/v1","resources":[{"name":"network-attachment-definitions"}]}`)
		case r.URL.Path == "/apis/network.operator.openshift.io/v1":
			_, _ = fmt.Fprint(w, `{"groupVersion":"network.operator.openshift.io/v1","resources":[{"name":"operatorpkis"}]}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
}

func TestVersion(t *testing.T) {
	c, err := New(kube.Serve(t, versionServer("")), "test")
	if err != nil {
		t.Fatal(err)
	}
	v, err := c.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if v.Server.GitVersion != "v1.27.3+4aaeaec" || *v.EgressRouter.Served || !*v.NetworkAttachmentDefinition.Served {
		t.Errorf("got %+v: want the version, no EgressRouters among the other kinds of their group, and NetworkAttachmentDefinitions", v)
	}
}

func TestVersionInPart(t *testing.T) {
	c, err := New(kube.Serve(t, versionServer("/apis/k8s.cni.cncf.io")), "test")
	if err != nil {
		t.Fatal(err)
	}
	v, err := c.Version(t.Context())
	if err == nil || !strings.Contains(err.Error(), "network-attachment-definitions") {
		t.Errorf("the error is %v, which does not say what could not be asked", err)
	}
	if v.Server == nil || v.EgressRouter.Served == nil || v.NetworkAttachmentDefinition.Served != nil {
		t.Errorf("got %+v: want what the server did say, and the rest as unknown", v)
	}
}
