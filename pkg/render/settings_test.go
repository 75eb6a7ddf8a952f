package render

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// TestSettings: what is asked for is noted on the EgressRouter, in one text that reads back the same.
func TestSettings(t *testing.T) {
	minute := time.Minute
	for name, test := range map[string]struct {
		options Options
		want    string
	}{
		"all":        {Options{Recreate: true, NodeSelector: map[string]string{"zone": "b", "egress": ""}, FailoverAfter: &minute}, `{"recreate":true,"nodeSelector":{"egress":"","zone":"b"},"failoverAfter":"1m0s"}`},
		"strategy":   {Options{Recreate: true}, `{"recreate":true}`},
		"selector":   {Options{NodeSelector: map[string]string{"egress": "yes"}}, `{"nodeSelector":{"egress":"yes"}}`},
		"nothing":    {Options{NodeSelector: map[string]string{}}, ""},
		"standalone": {Options{Image: "router:1", MAC: egress.RandomMAC}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := Router(sample(), egress.Operator, test.options)
			if err != nil {
				t.Fatal(err)
			}
			got := objects[0].GetAnnotations()[egress.AnnotationDeployment]
			if got != test.want {
				t.Fatalf("got %s, want %s", got, test.want)
			}
			if got == "" {
				return
			}
			back, err := ParseSettings(got)
			if err != nil || back.String() != got {
				t.Errorf("%s reads back as %s (%v)", got, back, err)
			}
			if part, err := OperatorPart(sample(), back.options()); err != nil || part.Object["spec"] == nil {
				t.Errorf("what reads back asks for %v (%v)", part, err)
			}
		})
	}
}

// TestParseSettings refuses what create would not write.
func TestParseSettings(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "not the JSON",
		"{}":                            "not the JSON",
		"null":                          "not the JSON",
		`{"recreate":false}`:            "not the JSON",
		`{"recreate":true} `:            "not the JSON",
		`{"recreate":true}{}`:           "not the JSON",
		`{"recreate":true,"image":"x"}`: "not the JSON",
		`{"Recreate":true}`:             "not the JSON",
		`{"failoverAfter":"60s"}`:       "not the JSON",
		`{"failoverAfter":"0s"}`:        "0s is not a number of seconds",
		`{"failoverAfter":"-1m0s"}`:     "-1m0s is not a number of seconds",
		`{"failoverAfter":"1.5s"}`:      "1.5s is not a number of seconds",
		`{"nodeSelector":{"a=b":"c"}}`:  "not a label",
		`{"nodeSelector":{"a":"$(x)"}}`: "not a label",
	} {
		if s, err := ParseSettings(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is %v (%v), want an error with %q", text, s, err, want)
		}
	}
}

// TestNotesOfInput: a router that was read off a cluster has notes of what was there. They are not applied; all other
// annotations are.
func TestNotesOfInput(t *testing.T) {
	r := sample()
	r.Annotations = map[string]string{"example.com/kept": "yes", egress.AnnotationDeployment: `{"recreate":true}`, egress.AnnotationRules: "0123456789abcdef"}
	given := maps.Clone(r.Annotations)
	for provisioner, want := range map[egress.Provisioner]string{
		egress.Operator:   `"annotations":{"example.com/kept":"yes"}`,
		egress.Standalone: `\"annotations\":{\"example.com/kept\":\"yes\"}`,
	} {
		objects, err := Router(r, provisioner, Options{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := marshal(objects[len(objects)-1])
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, want) || strings.Contains(text, egress.AnnotationDeployment) || strings.Contains(text, egress.AnnotationRules) {
			t.Errorf("%s applies %s", provisioner, text)
		}
	}
	if !maps.Equal(r.Annotations, given) {
		t.Errorf("the input was changed: %v", r.Annotations)
	}
}
