package check

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

func nobody(string) bool    { return false }
func everybody(string) bool { return true }

// TestUnfit: for which codes a router is left out where a platform is changed, and for which it is not: every case of every
// code on the cluster.
func TestUnfit(t *testing.T) {
	against := map[finding.Code]bool{finding.AddressTaken: true, finding.UserNetwork: true}
	for _, entry := range finding.Catalogue() {
		if !strings.HasPrefix(string(entry.Code), "EGR2") || hasOwnTest(entry.Code) {
			continue
		}
		for _, c := range readCode(t, entry.Code).Found {
			t.Run(string(entry.Code)+" "+c.Name, func(t *testing.T) {
				s := decode(t, c.patched(t))
				j := Judge(s, c.options())
				for _, r := range s.Routers {
					var codes []finding.Code
					for _, f := range j.On(r) {
						if f.Level == finding.Error {
							codes = append(codes, f.Code)
						}
					}
					why := j.Unfit(r, nobody)
					said := slices.ContainsFunc(codes, func(code finding.Code) bool { return against[code] || spokenAgainst(code) })
					switch {
					case said && why == "":
						t.Errorf("%s has %v, and nothing speaks against it", r.Name, codes)
					case !said && strings.HasPrefix(why, "EGR") && !strings.HasPrefix(why, "EGR211: NAD"):
						t.Errorf("%s has %v, and is left out: %s", r.Name, codes, why)
					}
				}
			})
		}
	}
}

// spokenAgainst reports whether a code of the spec keeps a router from its address.
func spokenAgainst(code finding.Code) bool {
	return slices.Contains([]finding.Code{"EGR101", "EGR102", "EGR103", "EGR104", "EGR106", "EGR112", "EGR116"}, code)
}

// TestUnfitRivals: of routers that ask for one address the older one has it, and one with a grant before all others; what
// tenants write of an address keeps it from nobody who is granted it.
func TestUnfitRivals(t *testing.T) {
	s := decode(t, base(t, "standalone"))
	first := s.Routers[0]
	first.CreationTimestamp = metav1.NewTime(time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC))
	second := first
	second.Namespace, second.Name, second.CreationTimestamp = "shop", "forged", metav1.NewTime(first.CreationTimestamp.Add(time.Hour))
	s.Routers = []snapshot.Router{first, second}
	forged := decode(t, []byte(strings.NewReplacer("billing", "shop", "partner-a", "forged").Replace(string(base(t, "standalone")))))
	s.NADs, s.Pods, s.Deployments = append(s.NADs, forged.NADs...), append(s.Pods, forged.Pods...), append(s.Deployments, forged.Deployments...)
	granted := func(key string) func(string) bool { return func(router string) bool { return router == key } }
	for name, test := range map[string]struct {
		granted       func(string) bool
		first, second string
	}{
		"nobody is granted":    {nobody, "", "EGR114"},
		"both are":             {everybody, "", "EGR114"},
		"the younger is alone": {granted("shop/forged"), "EGR114", ""},
		"the older is alone":   {granted("billing/partner-a"), "", "EGR114"},
	} {
		j := Judge(s, Options{})
		for i, want := range []string{test.first, test.second} {
			if got := j.Unfit(s.Routers[i], test.granted); !strings.HasPrefix(got, want) || want == "" && got != "" {
				t.Errorf("%s: of %s it says %q, want %q", name, s.Routers[i].Name, got, want)
			}
		}
	}

	for by, sure := range map[string]bool{"an external IP of Service shop/web": false, "EgressIP prod": true} {
		s := decode(t, base(t, "standalone"))
		s.Claims = append(s.Claims, snapshot.Claim{Address: "192.168.12.99", By: by})
		j := Judge(s, Options{})
		if got := j.Unfit(s.Routers[0], nobody); !strings.HasPrefix(got, "EGR205") {
			t.Errorf("%s, without a grant: %q", by, got)
		}
		if got := j.Unfit(s.Routers[0], everybody); (got != "") != sure {
			t.Errorf("%s, with a grant: %q", by, got)
		}
	}
}
