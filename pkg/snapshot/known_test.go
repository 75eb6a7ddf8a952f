package snapshot

import "testing"

func TestKnowsIn(t *testing.T) {
	r := Router{}
	r.Namespace = "billing"
	routers := []Router{r}
	all := []Unknown{{Resource: "egressrouters", Partial: true}, {Resource: "deployments", Partial: true}, {Resource: "pods", Partial: true}}
	tests := []struct {
		name          string
		in            Snapshot
		billing, shop bool
	}{
		{"all was read", Snapshot{}, true, true},
		{"another resource is unknown", Snapshot{Unknown: []Unknown{{Resource: "nodes"}}}, true, true},
		{"unknown everywhere", Snapshot{Unknown: []Unknown{{Resource: "pods"}}}, false, false},
		{"unknown where it was asked for", Snapshot{Unknown: []Unknown{{Resource: "pods", Namespace: "billing"}}}, false, false},
		{"one namespace, by the Snapshot", Snapshot{Namespace: "billing", Unknown: all}, true, false},
		{"one namespace, by the entry", Snapshot{Unknown: []Unknown{{Resource: "pods", Namespace: "billing", Partial: true}}}, true, false},
		{"one namespace, by the routers", Snapshot{Routers: routers, Unknown: all}, true, false},
		{"one namespace, and routers from all", Snapshot{Routers: routers, Unknown: all[2:]}, false, false},
		{"one namespace, without EgressRouters", Snapshot{Routers: routers, NotServed: []string{"egressrouters"}, Unknown: all[1:]}, true, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.in.KnowsIn("pods", "billing"); got != test.billing {
				t.Errorf("KnowsIn billing is %v", got)
			}
			if got := test.in.KnowsIn("pods", "shop"); got != test.shop {
				t.Errorf("KnowsIn shop is %v", got)
			}
		})
	}
}
