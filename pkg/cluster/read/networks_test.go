package read

import (
	"reflect"
	"testing"
)

// TestJoinNetworks: what another network contains goes, halves of one place are joined, IPv6 and what is no
// network is left out.
func TestJoinNetworks(t *testing.T) {
	type place struct {
		from  string
		cidrs []string
	}
	tests := []struct {
		name   string
		places []place
		want   []string
	}{
		{"none", []place{{"a", []string{"", "none", "fd01::/48"}}}, nil},
		{"four quarters, in any order", []place{{"a", []string{"10.244.3.0/24", "10.244.0.0/24", "10.244.2.0/24", "10.244.1.0/24"}}}, []string{"10.244.0.0/22 a"}},
		{"three quarters", []place{{"a", []string{"10.244.0.0/24", "10.244.1.0/24", "10.244.2.0/24"}}}, []string{"10.244.0.0/23 a", "10.244.2.0/24 a"}},
		{"neighbours that are no halves", []place{{"a", []string{"10.244.1.0/24", "10.244.2.0/24"}}}, []string{"10.244.1.0/24 a", "10.244.2.0/24 a"}},
		{"inside another, of another place", []place{{"nodes", []string{"10.244.0.0/24", "10.244.1.0/24"}}, {"all", []string{" 10.244.0.0/16"}}}, []string{"10.244.0.0/16 all"}},
		{"halves of two places", []place{{"a", []string{"10.0.0.0/16"}}, {"b", []string{"10.1.0.0/16"}}}, []string{"10.0.0.0/16 a", "10.1.0.0/16 b"}},
		{"the same twice", []place{{"a", []string{"10.244.0.0/24", "10.244.0.0/24"}}}, []string{"10.244.0.0/24 a"}},
		{"everything", []place{{"a", []string{"0.0.0.0/1", "128.0.0.0/1"}}}, []string{"0.0.0.0/0 a"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var all []Network
			for _, p := range test.places {
				all = appendNetworks(all, p.cidrs, p.from)
			}
			var got []string
			for _, n := range joinNetworks(all) {
				got = append(got, n.CIDR.String()+" "+n.From)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
