package cluster

import (
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

func TestGrants(t *testing.T) {
	right := snapshot.Right{Verb: "patch", Group: "apps", Resource: "deployments"}
	rule := func(verb, group, resource string, names ...string) authorizationv1.ResourceRule {
		return authorizationv1.ResourceRule{Verbs: []string{"x", verb}, APIGroups: []string{"x", group}, Resources: []string{"x", resource}, ResourceNames: names}
	}
	for name, test := range map[string]struct {
		rule authorizationv1.ResourceRule
		want bool
	}{
		"the right":        {rule("patch", "apps", "deployments"), true},
		"any verb":         {rule("*", "apps", "deployments"), true},
		"any group":        {rule("patch", "*", "deployments"), true},
		"any resource":     {rule("patch", "apps", "*"), true},
		"another verb":     {rule("get", "apps", "deployments"), false},
		"another group":    {rule("patch", "", "deployments"), false},
		"another resource": {rule("patch", "apps", "replicasets"), false},
		"a subresource":    {rule("patch", "apps", "deployments/status"), false},
		"one name alone":   {rule("patch", "apps", "deployments", "partner-a"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := grants([]authorizationv1.ResourceRule{{}, test.rule}, right); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
