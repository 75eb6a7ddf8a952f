package platform

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestInvert(t *testing.T) {
	plan := Plan{Platform: "openstack", Where: "cloud k8s", Changes: []Change{
		{Target: "port 1", Field: "f", Before: json.RawMessage(`1`), After: json.RawMessage(`2`), Reason: "a", Version: "7", Command: "c"},
		{Target: "port 2", Field: "f", Before: json.RawMessage(`[]`), After: json.RawMessage(`[3]`), Reason: "b"},
	}}
	want := Plan{Platform: "openstack", Where: "cloud k8s", Changes: []Change{
		{Target: "port 2", Field: "f", Before: json.RawMessage(`[3]`), After: json.RawMessage(`[]`), Reason: "take back: b"},
		{Target: "port 1", Field: "f", Before: json.RawMessage(`2`), After: json.RawMessage(`1`), Reason: "take back: a"},
	}}
	if got := plan.Invert(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
