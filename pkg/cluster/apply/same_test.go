package apply

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const appliedService = `
apiVersion: v1
kind: Service
metadata: {name: a, namespace: b, labels: {x: "1"}}
spec:
  type: ClusterIP
  ipFamilies: [IPv4]
  selector: {app: r}
  ports:
  - {name: tcp-80, port: 80, protocol: TCP}
  - {name: udp-80, port: 80, protocol: UDP}
`

// liveService is what the server makes of it, beside the fields of others.
const liveService = `
apiVersion: v1
kind: Service
metadata:
  name: a
  namespace: b
  uid: "1"
  resourceVersion: "7"
  labels: {x: "1", other: "2"}
  managedFields:
  - manager: someone
    operation: Update
    apiVersion: v1
    fieldsV1: {"f:metadata": {"f:labels": {"f:other": {}}}}
  - manager: kubectl-egress
    operation: Apply
    apiVersion: v1
    fieldsV1:
      "f:metadata": {"f:labels": {"f:x": {}}}
      "f:spec":
        "f:type": {}
        "f:ipFamilies": {}
        "f:selector": {}
        "f:ports":
          'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:name": {}, "f:port": {}, "f:protocol": {}}
          'k:{"port":80,"protocol":"UDP"}': {".": {}, "f:name": {}, "f:port": {}, "f:protocol": {}}
spec:
  type: ClusterIP
  clusterIP: 172.30.0.1
  ipFamilies: [IPv4]
  selector: {app: r}
  ports:
  - {name: tcp-80, port: 80, protocol: TCP, targetPort: 80}
  - {name: udp-80, port: 80, protocol: UDP, targetPort: 80}
`

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	return u
}

func TestSame(t *testing.T) {
	set := func(value any, path ...string) func(*unstructured.Unstructured) {
		return func(u *unstructured.Unstructured) {
			if err := unstructured.SetNestedField(u.Object, value, path...); err != nil {
				t.Fatal(err)
			}
		}
	}
	drop := func(path ...string) func(*unstructured.Unstructured) {
		return func(u *unstructured.Unstructured) { unstructured.RemoveNestedField(u.Object, path...) }
	}
	ports := func(change func([]any) []any) func(*unstructured.Unstructured) {
		return func(u *unstructured.Unstructured) {
			list, _, err := unstructured.NestedSlice(u.Object, "spec", "ports")
			if err != nil {
				t.Fatal(err)
			}
			set(change(list), "spec", "ports")(u)
		}
	}
	none := func(*unstructured.Unstructured) {}
	tests := []struct {
		name          string
		desired, live func(*unstructured.Unstructured)
		want          bool
	}{
		{"as it was applied", none, none, true},
		{"ports in another order", ports(func(p []any) []any { return []any{p[1], p[0]} }), none, true},
		{"another value", set("2", "metadata", "labels", "x"), none, false},
		{"another value in an atomic map", set("s", "spec", "selector", "app"), none, false},
		{"a new field", set("Local", "spec", "internalTrafficPolicy"), none, false},
		{"a field fewer", drop("spec", "type"), none, false},
		{"a port fewer", ports(func(p []any) []any { return p[:1] }), none, false},
		{"a port renamed", ports(func(p []any) []any { p[0].(map[string]any)["name"] = "web"; return p }), none, false},
		{"another port", ports(func(p []any) []any { p[0].(map[string]any)["port"] = int64(81); return p }), none, false},
		{"changed by another", none, set("LoadBalancer", "spec", "type"), false},
		{"removed by another", none, drop("metadata", "labels", "x"), false},
		{"a field that only another owns", set("2", "metadata", "labels", "other"), none, false},
		{"nobody's record", none, drop("metadata", "managedFields"), false},
		{"an empty object", set(map[string]any{}, "spec", "sessionAffinityConfig"), none, false},
		{"an empty object that another fills", set(map[string]any{}, "spec", "sessionAffinityConfig"),
			set(map[string]any{"clientIP": map[string]any{}}, "spec", "sessionAffinityConfig"), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			desired, live := object(t, appliedService), object(t, liveService)
			test.desired(desired)
			test.live(live)
			if got := same(desired, live, "kubectl-egress"); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
	if same(object(t, appliedService), object(t, liveService), "someone") {
		t.Error("what one manager applied is not what another did")
	}
}
