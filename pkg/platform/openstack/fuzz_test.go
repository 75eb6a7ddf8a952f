package openstack

import (
	"slices"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

// FuzzEdited writes any list with one pair more and one less: what nobody named must stand as it was.
func FuzzEdited(f *testing.F) {
	for _, seed := range [][6]string{
		{"10.0.0.9", "aa:00:00:00:00:01", "10.0.0.9/32", "AA-00-00-00-00-01", "10.0.0.8", ""},
		{"FD00:0::0009", "", "fd00::9", ownMAC, "0.0.0.0/0", "x"},
		{"::ffff:10.0.0.9/120", "", "10.0.0.0/24", "", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], seed[5])
	}
	f.Fuzz(func(t *testing.T, ip, mac, addIP, addMAC, removeIP, removeMAC string) {
		stands := []ports.AddressPair{pair(ip, mac), pair("10.9.9.9/32", "AA:00:00:00:00:09")}
		add, remove := pair(addIP, addMAC), pair(removeIP, removeMAC)
		got := edited(stands, []ports.AddressPair{add}, []ports.AddressPair{remove}, ownMAC)
		for _, p := range stands {
			if keyOf(p, ownMAC) != keyOf(remove, ownMAC) && !slices.Contains(got, p) {
				t.Errorf("%v is gone from %v", p, got)
			}
		}
		if !covers(got, keyOf(add, ownMAC), ownMAC) {
			t.Errorf("%v is not in %v", add, got)
		}
		if keyOf(remove, ownMAC) != keyOf(add, ownMAC) && keys(got, ownMAC)[keyOf(remove, ownMAC)] {
			t.Errorf("%v is still in %v", remove, got)
		}
		if again := edited(got, []ports.AddressPair{add}, []ports.AddressPair{remove}, ownMAC); keyOf(remove, ownMAC) != keyOf(add, ownMAC) && !slices.Equal(again, got) {
			t.Errorf("a second time: %v, first %v", again, got)
		}
		for _, s := range []string{ip, addIP, removeIP} {
			if once := canonicalIP(s); canonicalIP(once) != once {
				t.Errorf("%q is canonical as %q and then as %q", s, once, canonicalIP(once))
			}
		}
	})
}
