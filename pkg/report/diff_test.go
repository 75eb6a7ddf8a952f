package report

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

func TestChanged(t *testing.T) {
	for _, test := range []struct {
		before, after string
		sign          string
		want          []string
	}{
		{`false`, `true`, "~", []string{"~ false -> true"}},
		{``, `"x"`, "+", []string{`~ null -> "x"`}},
		{`null`, `null`, "~", []string{"~ null -> null"}},
		{`[1, {"a": 1}, 1]`, `[1, 2]`, "~", []string{`- {"a":1}`, "- 1", "+ 2", "  (1 stay as they are)"}},
		{`[]`, `["x"]`, "+", []string{`+ "x"`}},
		{`["x"]`, `null`, "-", []string{`- "x"`}},
		{`{"forged": false, "same": 1, "gone": 2}`, `{"forged": true, "new": [3], "same": 1}`, "~",
			[]string{"~ forged: false -> true", "- gone: 2", "+ new: [3]"}},
		{`{}`, `{"a":"\u009b"}`, "+", []string{`+ a: "\u009b"`}},
		{`not JSON`, `[]`, "-", []string{"~ not JSON -> []"}},
	} {
		c := platform.Change{Before: json.RawMessage(test.before), After: json.RawMessage(test.after)}
		if got := signOf(c); got != test.sign {
			t.Errorf("the sign of %s -> %s is %s, want %s", test.before, test.after, got, test.sign)
		}
		if got := changed(c.Before, c.After); !slices.Equal(got, test.want) {
			t.Errorf("%s -> %s is %q, want %q", test.before, test.after, got, test.want)
		}
	}
}

// Whoever runs the script runs the commands and nothing else: a comment cannot end early.
func TestCommands(t *testing.T) {
	var b strings.Builder
	plan := &platform.Plan{
		Where: "cloud prod\nrm -rf /",
		Notes: []string{"a note\rrm"},
		Changes: []platform.Change{
			{Target: "port 1f0c\nrm", Reason: "for billing/a\nrm", Command: "openstack port set \\\n  --allowed-address ip-address=192.168.12.99 1f0c"},
			{Target: "network n", Field: "policy", Before: json.RawMessage(`false`), After: json.RawMessage("true\n"), Reason: "why"},
		},
	}
	if err := Commands(&b, plan); err != nil {
		t.Fatal(err)
	}
	want := `# cloud prod\nrm -rf /
# a note\rrm
# port 1f0c\nrm: for billing/a\nrm
openstack port set \
  --allowed-address ip-address=192.168.12.99 1f0c
# network n: why
# no command sets policy: false -> true
`
	if got := b.String(); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestDiff(t *testing.T) {
	plan := &platform.Plan{Where: "cloud prod", Notes: []string{"a note"}, Changes: []platform.Change{
		{Target: "port 1f0c", Field: "allowed_address_pairs", Before: json.RawMessage(`["a"]`), After: json.RawMessage(`["a","b"]`), Reason: "why", Command: "do it"},
		{Target: "port 2f0c", Field: "allowed_address_pairs", Before: json.RawMessage(`["a"]`), After: json.RawMessage(`[]`), Reason: "why"},
	}}
	want := `plan: 2 changes (cloud prod)
~ port 1f0c: why
    allowed_address_pairs:
      + "b"
        (1 stay as they are)
    do it
- port 2f0c: why
    allowed_address_pairs:
      - "a"
note: a note
`
	for colour, want := range map[bool]string{
		false: want,
		true: strings.NewReplacer("~", "\x1b[33m~\x1b[0m", `+ "b"`, "\x1b[32m"+`+ "b"`+"\x1b[0m", "- port", "\x1b[31m-\x1b[0m port",
			`- "a"`, "\x1b[31m"+`- "a"`+"\x1b[0m").Replace(want),
	} {
		var b strings.Builder
		if err := Diff(&b, plan, colour); err != nil || b.String() != want {
			t.Errorf("got %v, %s\nwant %s", err, b.String(), want)
		}
	}
}
