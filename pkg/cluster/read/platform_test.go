package read

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// platformServer is an API server that answers by path, and notes what it was asked. A path without an answer is not
// served.
type platformServer struct {
	answers map[string]string
	lock    sync.Mutex
	asked   []string
}

const (
	infrastructurePath = "/apis/config.openshift.io/v1/infrastructures/cluster"
	nodesPath          = "/api/v1/nodes"
	forbiddenAnswer    = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"no","code":403}`
)

func (s *platformServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.lock.Lock()
	s.asked = append(s.asked, r.URL.Path)
	s.lock.Unlock()
	w.Header().Set("Content-Type", "application/json")
	answer, served := s.answers[r.URL.Path]
	switch {
	case !served:
		http.NotFound(w, r)
	case answer == forbiddenAnswer:
		w.WriteHeader(http.StatusForbidden)
		fallthrough
	default:
		_, _ = fmt.Fprint(w, answer)
	}
}

func TestReadPlatform(t *testing.T) {
	infrastructure := func(platform string) string {
		return `{"kind":"Infrastructure","apiVersion":"config.openshift.io/v1","metadata":{"name":"cluster"},"status":{"platformStatus":{"type":"` + platform + `"}}}`
	}
	nodes := func(providerID string) string {
		return `{"kind":"NodeList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"a"},"spec":{"providerID":"` + providerID + `"}}]}`
	}
	groups := func(names ...string) string {
		list := []string{}
		for _, name := range names {
			list = append(list, `{"name":"`+name+`"}`)
		}
		return `{"kind":"APIGroupList","apiVersion":"v1","groups":[` + strings.Join(list, ",") + `]}`
	}
	for name, test := range map[string]struct {
		answers map[string]string
		// want is the platform, the provider ID of the node, and what is unknown; further what is asked besides.
		want, further string
	}{
		"OpenShift": {map[string]string{infrastructurePath: infrastructure("VSphere"), nodesPath: nodes("vsphere://1")}, "VSphere vsphere://1 []", ""},
		"another":   {map[string]string{nodesPath: nodes("openstack:///1")}, " openstack:///1 []", ""},
		"no rights to the Infrastructure": {
			map[string]string{infrastructurePath: forbiddenAnswer, nodesPath: nodes("vsphere://1"), "/apis": groups("config.openshift.io")},
			" vsphere://1 [infrastructures of the whole cluster]", "/apis",
		},
		"no rights to what is not there": {
			map[string]string{infrastructurePath: forbiddenAnswer, nodesPath: nodes(""), "/apis": groups("apps")}, "  []", "/apis",
		},
		"no rights": {
			map[string]string{infrastructurePath: forbiddenAnswer, nodesPath: forbiddenAnswer, "/apis": forbiddenAnswer},
			"  [infrastructures of the whole cluster nodes of the whole cluster]", "/apis",
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := &platformServer{answers: test.answers}
			s, err := Platform(t.Context(), clientOf(t, server))
			if err != nil {
				t.Fatal(err)
			}
			id := ""
			for _, node := range s.Nodes {
				id += node.ProviderID
			}
			if got := fmt.Sprint(s.Cluster.Platform, " ", id, " ", s.Unknown); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			want := []string{nodesPath, infrastructurePath}
			if test.further != "" {
				want = append([]string{nodesPath, test.further}, infrastructurePath)
			}
			slices.Sort(server.asked)
			if !slices.Equal(server.asked, want) {
				t.Errorf("asked %q, want %q", server.asked, want)
			}
		})
	}
}
