package grant_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/grant"
)

// TestParse: what a namespace is granted by its keys, and what is said of keys that cannot be read.
func TestParse(t *testing.T) {
	const configMap = " of ConfigMap kubectl-egress/grants"
	for name, test := range map[string]struct {
		data map[string]string
		// want is the data of billing's grant in its shortest form, err the error of one that cannot be read.
		want map[string]string
		err  string
	}{
		"a network":           {data: map[string]string{"billing": "192.168.12.96/29"}, want: map[string]string{"billing": "192.168.12.96/29"}},
		"everything":          {data: map[string]string{"billing": "10.0.0.5", "billing.nodes": "b=1,a=2", "billing.max": "4"}, want: map[string]string{"billing": "10.0.0.5", "billing.nodes": "a=2,b=1", "billing.max": "4"}},
		"a full prefix":       {data: map[string]string{"billing": "10.0.0.5/32"}, want: map[string]string{"billing": "10.0.0.5"}},
		"sorted and once":     {data: map[string]string{"billing": " 10.0.1.0/24,10.0.0.5,10.0.0.5/32\n"}, want: map[string]string{"billing": "10.0.0.5,10.0.1.0/24"}},
		"networks in another": {data: map[string]string{"billing": "10.0.0.128/25,10.0.0.200,10.0.0.0/24,10.0.0.192/26,10.0.1.0/25"}, want: map[string]string{"billing": "10.0.0.0/24,10.0.0.200,10.0.1.0/25"}},
		"another namespace":   {data: map[string]string{"billing-2": "10.0.0.5", "shop": "x", "shop.max": "1"}},
		"nothing":             {},
		"limits alone":        {data: map[string]string{"billing.max": "4"}},
		"host bits": {data: map[string]string{"billing": "10.0.0.5/24"},
			err: `key billing` + configMap + `: "10.0.0.5/24" has bits behind its prefix length: write 10.0.0.0/24, or 10.0.0.5`},
		"IPv6":           {data: map[string]string{"billing": "2001:db8::/64"}, err: `"2001:db8::/64" is not IPv4: the CNI plugin fails on IPv6`},
		"mapped":         {data: map[string]string{"billing": "::ffff:10.0.0.5"}, err: `"::ffff:10.0.0.5" is not IPv4`},
		"no address":     {data: map[string]string{"billing": "10.0.0.5,web"}, err: `"web" is not an IPv4 address or network: write one such as 192.168.12.99 or 192.168.12.96/29`},
		"a last comma":   {data: map[string]string{"billing": "10.0.0.5,"}, err: `"" is not an IPv4 address or network`},
		"withdrawn":      {data: map[string]string{"billing": " "}, want: map[string]string{"billing": ""}},
		"no selector":    {data: map[string]string{"billing": "10.0.0.5", "billing.nodes": "="}, err: `key billing.nodes` + configMap + `: "=" is not a label selector: write one such as egress=yes: `},
		"empty selector": {data: map[string]string{"billing": "10.0.0.5", "billing.nodes": ""}, err: `key billing.nodes` + configMap + `: no label selector: write one such as egress=yes`},
		"no router":      {data: map[string]string{"billing": "10.0.0.5", "billing.max": "0"}, err: `key billing.max` + configMap + `: "0" is not a number of routers: write a whole number from 1, such as 4`},
		"signed":         {data: map[string]string{"billing": "10.0.0.5", "billing.max": "+4"}, err: `"+4" is not a number of routers`},
		"an unknown key": {data: map[string]string{"billing": "10.0.0.5", "billing.node": "a"}, err: `key billing.node` + configMap + `: unknown limit of namespace billing: write billing.nodes or billing.max`},
		"two problems":   {data: map[string]string{"billing": "web", "billing.max": "many"}, err: "192.168.12.96/29\nkey billing.max"},
	} {
		t.Run(name, func(t *testing.T) {
			g := grant.Parse(test.data)
			of, ok, err := g.Of("billing")
			if fmt.Sprint(err) != "<nil>" != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Fatalf("got error %v, want %q", err, test.err)
			}
			if ok != (test.want != nil) || ok && !maps.Equal(of.Data(), test.want) {
				t.Errorf("got %v %v, want %v", ok, of.Data(), test.want)
			}
			if !g.Exist() {
				t.Error("a ConfigMap that was read does not exist")
			}
		})
	}
}

// TestProblems: what is wrong is said of each namespace that it affects, and of no other.
func TestProblems(t *testing.T) {
	for name, test := range map[string]struct {
		data map[string]string
		want map[string]string
	}{
		"none":       {data: map[string]string{"billing": "10.0.0.0/25", "shop": "10.0.0.128/25"}},
		"unreadable": {data: map[string]string{"billing": "web", "shop": "10.0.0.5"}, want: map[string]string{"billing": `"web" is not`}},
		"overlap": {data: map[string]string{"billing": "10.0.0.0/24", "shop": "10.0.1.1,10.0.0.7", "web": "10.0.1.0"}, want: map[string]string{
			"billing": "10.0.0.0/24 of namespace billing overlaps 10.0.0.7 of namespace shop: an address can belong to one namespace only",
			"shop":    "10.0.0.7 of namespace shop overlaps 10.0.0.0/24 of namespace billing"}},
		"the same":                    {data: map[string]string{"billing": "10.0.0.7", "shop": "10.0.0.7/32"}, want: map[string]string{"billing": "overlaps", "shop": "overlaps"}},
		"overlap with what is broken": {data: map[string]string{"billing": "10.0.0.7", "shop": "10.0.0.7", "shop.max": "x"}, want: map[string]string{"billing": "overlaps", "shop": `"x" is not`}},
		"limits alone": {data: map[string]string{"billing.max": "4", "billing.nodes": "a=b"}, want: map[string]string{
			"billing": "key billing.max of ConfigMap kubectl-egress/grants limits a grant that is not there: write key billing, or remove billing.max and billing.nodes"}},
		"no namespace": {data: map[string]string{"Billing": "10.0.0.7", ".max": "1"}, want: map[string]string{
			"Billing": `key Billing of ConfigMap kubectl-egress/grants: "Billing" is not the name of a namespace: write NAMESPACE, NAMESPACE.nodes or NAMESPACE.max`,
			"":        "key .max of"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := grant.Parse(test.data).Problems()
			if !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(test.want))) {
				t.Fatalf("got %v, want %v", got, test.want)
			}
			for namespace, err := range got {
				if !strings.Contains(err.Error(), test.want[namespace]) {
					t.Errorf("%s: got %v, want %q", namespace, err, test.want[namespace])
				}
			}
		})
	}
}

// TestNoConfigMap: a cluster without the ConfigMap grants nothing, and says so.
func TestNoConfigMap(t *testing.T) {
	var g *grant.Grants
	if of, ok, err := g.Of("billing"); g.Exist() || ok || err != nil || len(of.Data())+len(g.All())+len(g.Problems()) > 0 {
		t.Errorf("got %v %v %v %v", of, ok, err, g.Problems())
	}
	verdict := g.Judge(cluster(router("billing", "partner-a", "192.168.12.99/24", 1)))["billing/partner-a"]
	if verdict.Allowed != grant.No || verdict.Why != "nothing is granted: there is no ConfigMap grants in namespace kubectl-egress" {
		t.Errorf("got %+v", verdict)
	}
}

// TestAll: the grants that can be read come by namespace.
func TestAll(t *testing.T) {
	var names []string
	for _, of := range grant.Parse(map[string]string{"shop": "10.0.0.1", "billing": "10.0.0.2", "web": "x"}).All() {
		names = append(names, of.Namespace+"="+grant.Text(of.Addresses))
	}
	if want := []string{"billing=10.0.0.2", "shop=10.0.0.1"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

// TestRefuse: what another namespace has cannot be granted, in either direction; what the namespace has itself can.
func TestRefuse(t *testing.T) {
	g := grant.Parse(map[string]string{"billing": "10.0.0.0/24", "shop": "10.0.1.7", "web": "10.0.2.0/24,x", "left": "10.0.3.0/24", "left.max": "x"})
	for addresses, want := range map[string]string{
		"10.0.0.128/25,10.0.4.0/24": "", "10.0.1.8": "",
		"10.0.1.7":    "10.0.1.7 overlaps 10.0.1.7, which is granted to namespace shop: an address can belong to one namespace only",
		"10.0.0.0/16": "10.0.0.0/16 overlaps 10.0.1.7, which is granted to namespace shop", "10.0.3.1": "10.0.3.1 overlaps 10.0.3.0/24, which is granted to namespace left",
	} {
		of, err := grant.ParseAddresses(addresses)
		if err != nil {
			t.Fatal(err)
		}
		err = g.Refuse(grant.Grant{Namespace: "billing", Addresses: of})
		if (err != nil) != (want != "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", addresses, err, want)
		}
	}
	if keys := g.Has("left"); !slices.Equal(keys, []string{"left", "left.max"}) {
		t.Errorf("left has the keys %q", keys)
	}
	var none *grant.Grants
	if err := none.Refuse(grant.Grant{Namespace: "billing"}); err != nil || none.Has("billing") != nil {
		t.Errorf("without a ConfigMap: %v", err)
	}
}
