package read

import (
	"fmt"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// TestNADs: of the router's plugin the whole config is kept, of others only what they give away.
func TestNADs(t *testing.T) {
	const router = `{"type":"egress-router","ip":{}}`
	for name, test := range map[string]struct {
		config            string
		kept              bool
		addresses, claims []string
	}{
		"a router":            {config: router, kept: true},
		"a router in a list":  {config: `{"plugins":[` + router + `,{"type":"tuning","mac":"02:e6:00:00:00:01"}]}`, kept: true},
		"a router and an ill": {config: `{"type":"egress-router","ipam":"what"}`, kept: true},
		"no JSON":             {config: `{`},
		"nothing":             {config: ``},
		"null in a list":      {config: `{"plugins":[null,7,"x"]}`},
		"dhcp":                {config: `{"type":"macvlan","ipam":{"type":"dhcp"}}`},
		"static": {config: `{"type":"macvlan","ipam":{"type":"static","addresses":[{"address":"10.0.0.5/24"},{"address":"10.0.0.6"},{}]}}`,
			addresses: []string{"10.0.0.5", "10.0.0.6"}},
		"static in a list": {config: `{"plugins":[{"type":"bridge","ipam":{"type":"static","addresses":[{"address":"10.0.0.5/24"}]}}]}`,
			addresses: []string{"10.0.0.5"}},
		"whereabouts":          {config: ipamOf(`"type":"whereabouts","range":"10.0.0.0/24"`), claims: []string{"10.0.0.0/24"}},
		"from and to":          {config: ipamOf(`"range":"10.0.0.0/24","range_start":"10.0.0.8","range_end":"10.0.0.11"`), claims: []string{"10.0.0.8/30"}},
		"from and to in one":   {config: ipamOf(`"range":"10.0.0.8-10.0.0.11/24"`), claims: []string{"10.0.0.8/30"}},
		"less what is another": {config: ipamOf(`"range":"10.0.0.0/30","exclude":["10.0.0.0/31","10.0.0.3"]`), claims: []string{"10.0.0.2/32"}},
		"several ranges":       {config: ipamOf(`"ipRanges":[{"range":"10.0.0.0/24"},{"range":"2001:db8::/64"}]`), claims: []string{"10.0.0.0/24", "2001:db8::/64"}},
		"host-local":           {config: ipamOf(`"ranges":[[{"subnet":"10.0.0.0/24","rangeStart":"10.0.0.8","rangeEnd":"10.0.0.11"}],[{"subnet":"10.1.0.0/24"}]]`), claims: []string{"10.0.0.8/30", "10.1.0.0/24"}},
		"host-local of old":    {config: ipamOf(`"subnet":"10.0.0.0/24"`), claims: []string{"10.0.0.0/24"}},
		"backwards":            {config: ipamOf(`"range":"10.0.0.0/24","range_start":"10.0.0.9","range_end":"10.0.0.8"`)},
		"no range":             {config: ipamOf(`"range":"10.0.0.0"`)},
		"families at odds":     {config: ipamOf(`"range":"10.0.0.0/24","range_start":"2001:db8::1"`)},
	} {
		t.Run(name, func(t *testing.T) {
			object := &unstructured.Unstructured{Object: map[string]any{
				"metadata": map[string]any{"namespace": "shop", "name": "storage"},
				"spec":     map[string]any{"config": test.config},
			}}
			var s snapshot.Snapshot
			if err := Of(cluster.NADs).Add(&s, object); err != nil {
				t.Fatal(err)
			}
			nad := s.NADs[0]
			want := ""
			if test.kept {
				want = test.config
			}
			if nad.Config != want || !slices.Equal(nad.Addresses, test.addresses) {
				t.Errorf("config %q, addresses %q; want %q and %q", nad.Config, nad.Addresses, want, test.addresses)
			}
			var claims []string
			for _, c := range s.Claims {
				if c.By != "NAD shop/storage" {
					t.Errorf("claimed by %q", c.By)
				}
				claims = append(claims, c.Address)
			}
			if !slices.Equal(claims, test.claims) {
				t.Errorf("claims %q, want %q", claims, test.claims)
			}
		})
	}
}

func ipamOf(fields string) string {
	return fmt.Sprintf(`{"type":"macvlan","ipam":{%s}}`, fields)
}
