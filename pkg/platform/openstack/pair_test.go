package openstack

import (
	"reflect"
	"slices"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

const ownMAC = "fa:16:3e:00:00:01"

func pair(ip, mac string) ports.AddressPair { return ports.AddressPair{IPAddress: ip, MACAddress: mac} }

func TestKeyOf(t *testing.T) {
	tests := []struct {
		a, b ports.AddressPair
		same bool
	}{
		{pair("10.0.0.9", ownMAC), pair("10.0.0.9/32", "FA:16:3E:00:00:01"), true},
		{pair("10.0.0.9", ""), pair("10.0.0.9", "fa-16-3e-00-00-01"), true},
		{pair("FD00:0:0::0009", ownMAC), pair("fd00::9/128", ownMAC), true},
		{pair("::ffff:10.0.0.9", ownMAC), pair("10.0.0.9", ownMAC), true},
		{pair("10.0.0.5/24", ownMAC), pair("10.0.0.0/24", ownMAC), true},
		{pair("10.0.0.9", ownMAC), pair("10.0.0.8", ownMAC), false},
		{pair("10.0.0.9", ownMAC), pair("10.0.0.9/24", ownMAC), false},
		{pair("10.0.0.9", ownMAC), pair("10.0.0.9", "fa:16:3e:00:00:02"), false},
		{pair("nonsense", ownMAC), pair("nonsense", ownMAC), true},
	}
	for _, test := range tests {
		if got := keyOf(test.a, ownMAC) == keyOf(test.b, ownMAC); got != test.same {
			t.Errorf("%v and %v: same %v, want %v", test.a, test.b, got, test.same)
		}
	}
}

func TestEdited(t *testing.T) {
	stands := []ports.AddressPair{pair("FD00::0009", "AA-00-00-00-00-01"), pair("10.0.0.9/32", "aa:00:00:00:00:02"), pair("10.0.0.1", ownMAC)}
	tests := []struct {
		name              string
		add, remove, want []ports.AddressPair
	}{
		{"nothing", nil, nil, stands},
		{"there already, spelt otherwise", []ports.AddressPair{pair("10.0.0.9", "AA:00:00:00:00:02")}, nil, stands},
		{"one more", []ports.AddressPair{pair("10.0.0.8", "aa:00:00:00:00:03")}, nil, append(stands[:3:3], pair("10.0.0.8", "aa:00:00:00:00:03"))},
		{"one less", nil, []ports.AddressPair{pair("fd00::9", "aa:00:00:00:00:01")}, stands[1:]},
		{"one for another", []ports.AddressPair{pair("10.0.0.8", "aa:00:00:00:00:03")}, []ports.AddressPair{pair("10.0.0.1", "")}, append(stands[:2:2], pair("10.0.0.8", "aa:00:00:00:00:03"))},
	}
	for _, test := range tests {
		if got := edited(stands, test.add, test.remove, ownMAC); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestCovers(t *testing.T) {
	need := keyOf(pair("10.0.0.9", "aa:00:00:00:00:02"), ownMAC)
	for _, test := range []struct {
		have ports.AddressPair
		want bool
	}{
		{pair("10.0.0.9/32", "AA:00:00:00:00:02"), true},
		{pair("10.0.0.0/24", "aa:00:00:00:00:02"), true},
		{pair("10.0.1.0/24", "aa:00:00:00:00:02"), false},
		{pair("0.0.0.0/0", "aa:00:00:00:00:02"), true},
		{pair("10.0.0.0/24", ownMAC), false},
		{pair("10.0.0.9", ""), false},
	} {
		if got := covers([]ports.AddressPair{test.have}, need, ownMAC); got != test.want {
			t.Errorf("%v: %v, want %v", test.have, got, test.want)
		}
	}
}

func TestRecord(t *testing.T) {
	record := []Pair{{Port: "p", IP: "10.0.0.9", MAC: "aa:00:00:00:00:02"}}
	text, err := encodePairs(record)
	if want := `[{"port":"p","ip":"10.0.0.9","mac":"aa:00:00:00:00:02"}]`; err != nil || text != want {
		t.Errorf("%s, %v, want %s", text, err, want)
	}
	back, err := Decode(text)
	if err != nil || !reflect.DeepEqual(back, record) {
		t.Errorf("%v, %v", back, err)
	}
	if spelt, err := Decode(`[{"port":"p","ip":"10.0.0.9/32","mac":"AA-00-00-00-00-02"}]`); err != nil || !slices.Equal(spelt, record) {
		t.Errorf("in another spelling: got %v, %v", spelt, err)
	}
	if text, err := encodePairs(nil); text != "" || err != nil {
		t.Errorf("no pairs: %q, %v", text, err)
	}
	if back, err := Decode(" "); back != nil || err != nil {
		t.Errorf("an empty record: %v, %v", back, err)
	}
	if _, err := Decode("{"); err == nil {
		t.Error("a record that is no JSON was read")
	}
}

func TestCommands(t *testing.T) {
	for got, want := range map[string]string{
		addCommand("id", pair("10.0.0.9", "aa:00:00:00:00:02"), pair("fd00::9", "")): "openstack port set --allowed-address ip-address=10.0.0.9,mac-address=aa:00:00:00:00:02 --allowed-address ip-address=fd00::9 id",
		removeCommand("id", pair("10.0.0.0/24", "")):                                 "openstack port unset --allowed-address ip-address=10.0.0.0/24 id",
		openstackCommand("port", "show", "it's; rm -rf ~", "", "a b"):                `openstack port show 'it'"'"'s; rm -rf ~' '' 'a b'`,
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{{AllNodes: true}, {AllNodes: true, Backend: OVN}, {Backend: "linuxbridge"}, {Concurrency: -1}, {MaxPairs: -1}} {
		if _, err := New(nil, o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
	for _, o := range []Options{{}, {Backend: OVN}, {AllNodes: true, Backend: OpenVSwitch}} {
		if _, err := New(nil, o); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
