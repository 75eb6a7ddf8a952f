package render

import (
	"maps"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

func TestNetworkPolicy(t *testing.T) {
	tests := []struct {
		golden  string
		options PolicyOptions
	}{
		{"policy-operator.yaml", PolicyOptions{
			Provisioner: egress.Operator, Owner: "7b1f",
			// Named twice, it is allowed once.
			From: []Clients{{Namespace: "billing"}, {Namespace: "shop", labels: map[string]string{"app": "till", "tier": "web"}}, {Namespace: "billing"}},
		}},
		{"policy-standalone.yaml", PolicyOptions{Provisioner: egress.Standalone, From: []Clients{{Namespace: "shop"}}}},
		{"policy-nobody.yaml", PolicyOptions{Provisioner: egress.Standalone}},
	}
	for _, test := range tests {
		t.Run(test.golden, func(t *testing.T) {
			policy, err := NetworkPolicy(sample(), test.options)
			if err != nil {
				t.Fatal(err)
			}
			checkGolden(t, test.golden, []*unstructured.Unstructured{policy})
		})
	}
}

func TestParseClients(t *testing.T) {
	tests := []struct {
		text string
		want Clients
		err  string
	}{
		{"shop", Clients{Namespace: "shop"}, ""},
		{"shop:app=till", Clients{"shop", map[string]string{"app": "till"}}, ""},
		{"shop:app=till,example.com/tier=web", Clients{"shop", map[string]string{"app": "till", "example.com/tier": "web"}}, ""},
		{"shop:app=", Clients{"shop", map[string]string{"app": ""}}, ""},
		{"", Clients{}, `"" is not a namespace's name: write NAMESPACE, or NAMESPACE:LABEL=VALUE with commas between labels`},
		{"Shop", Clients{}, `"Shop" is not a namespace's name: write NAMESPACE, or NAMESPACE:LABEL=VALUE with commas between labels`},
		{"shop:", Clients{}, `shop:: "" is not a label: write LABEL=VALUE, such as app=billing, with commas between several`},
		{"shop:app", Clients{}, `shop:app: "app" is not a label: write LABEL=VALUE, such as app=billing, with commas between several`},
		{"shop:app=a b", Clients{}, `shop:app=a b: "app=a b" is not a label: write LABEL=VALUE, such as app=billing, with commas between several`},
		{"shop:app=a,app=b", Clients{}, "shop:app=a,app=b: label app is given as a and as b: no pod has both"},
	}
	for _, test := range tests {
		got, err := ParseClients(test.text)
		if test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("%q: error %v, want %s", test.text, err, test.err)
			}
			continue
		}
		if err != nil || got.Namespace != test.want.Namespace || !maps.Equal(got.labels, test.want.labels) {
			t.Errorf("%q: %+v and %v, want %+v", test.text, got, err, test.want)
		}
	}
}
