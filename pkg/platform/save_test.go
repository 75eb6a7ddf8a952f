package platform

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestSaveAndLoad(t *testing.T) {
	change := func(id, after string) Change {
		return Change{ID: id, Target: "port " + id, Field: "f", Before: json.RawMessage(`[]`), After: json.RawMessage(after)}
	}
	var b strings.Builder
	if err := Save(&b, &Plan{Platform: "openstack", Changes: []Change{change("1", `[1]`), change("2", `[2]`)}}); err != nil {
		t.Fatal(err)
	}
	// The second was planned again: another had added to the list.
	if err := SaveDone(&b, change("2", `[2,3]`)); err != nil {
		t.Fatal(err)
	}
	want := []Change{change("1", `[1]`), change("2", `[2,3]`)}
	for name, text := range map[string]string{"whole": b.String(), "cut off": b.String() + `{"change":{"id":"1","af`} {
		platform, got, err := Load(strings.NewReader(text))
		if err != nil || platform != "openstack" || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %s %+v %v, want %+v", name, platform, got, err, want)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "it is empty",
		"hello":                         "line 1 is not what --save wrote",
		"{}\n":                          "its first line names no platform",
		"{\"platform\":\"x\"}\n{}\n":    "line 2 holds no change",
		"{\"platform\":\"x\"}\n{\n{}\n": "line 2 is not what --save wrote",
	} {
		if _, _, err := Load(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
