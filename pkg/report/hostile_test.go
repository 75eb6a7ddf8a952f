package report

import (
	"encoding/json"
	"reflect"
	"testing"
	"unicode"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// evil is what a terminal would obey, and what would end a cell, a fence, a tag or CDATA.
const evil = "\x1b[2J\u009b31m\u202e\x00\x7f\ufffe]]>|```<b>&\r\t\\|`x` \U000e0001\u2028"

func hostile() Report {
	raw, err := json.Marshal([]string{evil})
	if err != nil {
		panic(err)
	}
	return New(
		[]finding.Finding{finding.New(finding.NoPrefix, "ns/"+evil, evil, evil+"\n"+evil, evil)},
		&platform.Plan{Platform: "openstack", Where: evil, Notes: []string{evil}, Changes: []platform.Change{{
			ID: evil, Target: evil, Field: evil, Before: json.RawMessage(`null`), After: raw, Reason: evil, Command: evil + "\n" + evil}}},
		&check.Matrix{Rows: []check.Row{{Router: evil, Node: evil, Works: platform.No, Why: []string{evil}}}},
	)
}

// Whatever a cluster holds, no format hands it to the terminal.
func TestNoFormatObeys(t *testing.T) {
	for _, format := range Formats() {
		for _, r := range write(t, hostile(), format, false) {
			if r != '\n' && r != '\t' && !unicode.IsPrint(r) && (format != "yaml" || unicode.IsControl(r)) {
				t.Errorf("-o %s lets %U through", format, r)
			}
		}
	}
}

// A program gets the values as they are.
func TestEscapedIsTheSame(t *testing.T) {
	for format, unmarshal := range map[string]func([]byte, any) error{
		"json": json.Unmarshal,
		"yaml": func(data []byte, v any) error { return yaml.Unmarshal(data, v) },
	} {
		var got Report
		want := hostile()
		want.failOn, want.where, want.notes, want.rows = "", "", nil, nil
		if err := unmarshal([]byte(write(t, hostile(), format, false)), &got); err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		for i := range got.Plan {
			got.Plan[i].Before, want.Plan[i].Before = json.RawMessage(value(got.Plan[i].Before)), json.RawMessage(value(want.Plan[i].Before))
			got.Plan[i].After, want.Plan[i].After = json.RawMessage(decoded(t, got.Plan[i].After)), json.RawMessage(decoded(t, want.Plan[i].After))
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("-o %s gives %+v\nwant %+v", format, got, want)
		}
	}
}

// decoded is the one text in the list that data is.
func decoded(t *testing.T, data []byte) string {
	t.Helper()
	var texts []string
	if err := json.Unmarshal(data, &texts); err != nil || len(texts) != 1 {
		t.Fatalf("%s holds %d texts: %v", data, len(texts), err)
	}
	return texts[0]
}
