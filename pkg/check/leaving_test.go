package check

import (
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

func TestLeaving(t *testing.T) {
	const begin = "egress router billing/partner-a shares NAD egress-router-cni-nad and Deployment egress-router-cni-deployment with partner-b, and "
	const both = begin + "they are deleted for both: it is down until the operator makes them again"
	owned := func(nad, deployment string) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) { s.NADs[0].Router, s.Deployments[0].Router = nad, deployment }
	}
	unknown := func(resource string) func(*snapshot.Snapshot) {
		return func(s *snapshot.Snapshot) {
			s.NADs, s.Deployments = nil, nil
			s.Unknown = []snapshot.Unknown{{Resource: resource, Namespace: "billing"}}
		}
	}
	tests := map[string]struct {
		change func(*snapshot.Snapshot)
		want   string
	}{
		"the other owns them":         {owned("partner-a", "partner-a"), begin + "they stay: partner-a owns them"},
		"a third owns them":           {owned("partner-c", "partner-c"), begin + "they stay: partner-c owns them"},
		"nobody owns them":            {owned("", ""), begin + "they stay: no egress router owns them"},
		"what is deleted owns them":   {owned("partner-b", "partner-b"), both},
		"it owns the NAD":             {owned("partner-b", "partner-a"), both},
		"it owns the Deployment":      {owned("partner-a", "partner-b"), both},
		"they are not there":          {func(s *snapshot.Snapshot) { s.NADs, s.Deployments = nil, nil }, ""},
		"NADs may not be read":        {unknown("network-attachment-definitions"), begin + "who owns them may not be read: if partner-b does, they are deleted for both, and it is down until"},
		"Deployments may not be read": {unknown("deployments"), begin + "who owns them may not be read: if partner-b does, "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := decode(t, base(t, "operator"))
			test.change(s)
			if got := Leaving(s, "partner-b", s.Routers[0]); !strings.HasPrefix(got, test.want) || test.want == "" && got != "" {
				t.Errorf("said %q\nwant %q", got, test.want)
			}
		})
	}
}
