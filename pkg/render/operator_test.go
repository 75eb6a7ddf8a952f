package render

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestOperatorPart renders what is set on the operator's Deployment, for each of what can be asked.
func TestOperatorPart(t *testing.T) {
	quarter := 15 * time.Second
	tests := []struct {
		golden  string
		options Options
	}{
		{"operator-part.yaml", Options{NodeSelector: map[string]string{"egress": "yes", "zone": "b"}, FailoverAfter: &quarter}},
		{"operator-part-selector.yaml", Options{NodeSelector: map[string]string{"egress": "yes"}}},
		{"operator-part-recreate.yaml", Options{Recreate: true}},
		{"operator-part-none.yaml", Options{}},
	}
	for _, test := range tests {
		t.Run(test.golden, func(t *testing.T) {
			part, err := OperatorPart(sample(), test.options)
			if err != nil {
				t.Fatal(err)
			}
			checkGolden(t, test.golden, []*unstructured.Unstructured{part})
		})
	}
}
