package apply

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
)

// newClient is a client of a server that is not asked.
func newClient(t *testing.T) *cluster.Client {
	t.Helper()
	c, err := cluster.New(&rest.Config{Host: "https://127.0.0.1:1"}, "kubectl-egress")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const askedPorts = `
apiVersion: v1
kind: Service
metadata: {name: a, namespace: b}
spec:
  type: ClusterIP
  ports:
  - {name: tcp-8080, port: 8080, protocol: TCP}
  - {name: udp-80, port: 80, protocol: UDP}
`

// livePorts is a Service of ours whose ports are those given, of which another owns what is named.
const livePorts = `
apiVersion: v1
kind: Service
metadata:
  name: a
  namespace: b
  managedFields:
  - manager: kubectl-egress
    operation: Apply
    apiVersion: v1
    fieldsV1:
      "f:spec":
        "f:type": {}
        "f:ports":
          'k:{"port":8080,"protocol":"TCP"}': {".": {}, "f:name": {}, "f:port": {}, "f:protocol": {}}
          'k:{"port":80,"protocol":"UDP"}': {".": {}, "f:name": {}, "f:port": {}, "f:protocol": {}}
  - manager: someone
    operation: Update
    apiVersion: v1
    fieldsV1: {"f:metadata": {"f:labels": {"f:x": {}}}, "f:spec": {"f:ports": {%s}}}
spec:
  type: ClusterIP
  ports:
  - %s
  - {name: udp-80, port: 80, protocol: UDP, targetPort: 80}
`

// TestPortsInTheWay: what others have changed of a Service's ports and server-side apply would leave, or stumble over.
func TestPortsInTheWay(t *testing.T) {
	const owned = `{".": {}, "f:name": {}, "f:port": {}, "f:protocol": {}, "f:targetPort": {}}`
	for name, test := range map[string]struct {
		theirs, port string
		want         []string
	}{
		"as it was applied": {``, `{name: tcp-8080, port: 8080, protocol: TCP, targetPort: 8080}`, nil},
		"renumbered": {`'k:{"port":81,"protocol":"TCP"}': ` + owned, `{name: tcp-8080, port: 81, protocol: TCP, targetPort: 8080}`,
			[]string{`.spec.ports[port=81,protocol="TCP"] named tcp-8080 ("someone" using v1)`}},
		"another protocol": {`'k:{"port":8080,"protocol":"UDP"}': ` + owned, `{name: tcp-8080, port: 8080, protocol: UDP, targetPort: 8080}`,
			[]string{`.spec.ports[port=8080,protocol="UDP"] named tcp-8080 ("someone" using v1)`}},
		"another target port": {`'k:{"port":8080,"protocol":"TCP"}': {"f:targetPort": {}}`, `{name: tcp-8080, port: 8080, protocol: TCP, targetPort: web}`,
			[]string{`.spec.ports[port=8080,protocol="TCP"].targetPort ("someone" using v1)`}},
		"renumbered by nobody known": {``, `{name: tcp-8080, port: 81, protocol: TCP, targetPort: 8080}`,
			[]string{`.spec.ports[port=81,protocol="TCP"] named tcp-8080`}},
		// The server says so itself.
		"renamed": {`'k:{"port":8080,"protocol":"TCP"}': {"f:name": {}}`, `{name: web, port: 8080, protocol: TCP, targetPort: 8080}`, nil},
		// It stays.
		"added": {`'k:{"port":9090,"protocol":"TCP"}': ` + owned, `{name: metrics, port: 9090, protocol: TCP, targetPort: 1}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := &Applier{client: newClient(t)}
			live := object(t, fmt.Sprintf(livePorts, test.theirs, test.port))
			var got []string
			if taken := a.takeover(object(t, askedPorts), live); taken != nil {
				got = owners(a.client, live, taken.obstacles)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// fieldsByManager are the managed fields of an object that is taken over, by manager and operation.
func fieldsByManager(t *takeover) map[string]string {
	out := map[string]string{}
	for _, entry := range t.entries {
		out[entry.Manager+" "+string(entry.Operation)+" "+entry.Subresource] = strings.Join(strings.Fields(fieldsOf(entry).String()), " ")
	}
	return out
}

// TestTakeover: what moves to this tool's manager, and what stays where it is.
func TestTakeover(t *testing.T) {
	asked := object(t, appliedService)
	adopted := func() *unstructured.Unstructured { return object(t, liveService) }
	const ours = `.metadata.labels.x .spec.externalIPs .spec.ipFamilies .spec.selector .spec.sessionAffinity .spec.type ` +
		`.spec.ports[port=80,protocol="TCP"] .spec.ports[port=80,protocol="UDP"] ` +
		`.spec.ports[port=80,protocol="TCP"].name .spec.ports[port=80,protocol="TCP"].port .spec.ports[port=80,protocol="TCP"].protocol ` +
		`.spec.ports[port=80,protocol="UDP"].name .spec.ports[port=80,protocol="UDP"].port .spec.ports[port=80,protocol="UDP"].protocol`
	adopter := &Applier{client: newClient(t), options: Options{Adopt: true}}
	if taken := adopter.takeover(asked, adopted()); taken != nil {
		t.Errorf("others have set nothing of the spec, but %v is to be taken", fieldsByManager(taken))
	}
	live := adopted()
	entries := live.GetManagedFields()
	theirs := object(t, `
apiVersion: v1
kind: Service
metadata:
  managedFields:
  - {manager: kubectl, operation: Update, apiVersion: v1, fieldsV1: {"f:metadata": {"f:labels": {"f:y": {}}}, "f:spec": {"f:type": {}, "f:externalIPs": {}}}}
  - {manager: gitops, operation: Apply, apiVersion: v1, fieldsV1: {"f:spec": {"f:sessionAffinity": {}}}}
  - {manager: controller, operation: Update, apiVersion: v1, subresource: status, fieldsV1: {"f:status": {"f:loadBalancer": {}}}}
`)
	live.SetManagedFields(append(entries, theirs.GetManagedFields()...))
	if taken := (&Applier{client: adopter.client}).takeover(asked, live); taken != nil {
		t.Errorf("nothing is to be adopted, but %v is taken", fieldsByManager(taken))
	}
	taken := adopter.takeover(asked, live)
	if taken == nil {
		t.Fatal("nothing is taken")
	}
	want := map[string]string{
		"someone Update ":          ".metadata.labels.other",
		"kubectl Update ":          ".metadata.labels.y",
		"controller Update status": ".status.loadBalancer",
		"kubectl-egress Apply ":    ours,
	}
	got := fieldsByManager(taken)
	for manager, fields := range want {
		if got[manager] != fields {
			t.Errorf("%s: got\n%s\nwant\n%s", manager, got[manager], fields)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %v", got)
	}
}
