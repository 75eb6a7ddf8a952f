package platform

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	nov1 "github.com/openshift/api/networkoperator/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// cluster is a router of 192.168.12.99/24 whose pod is on worker-1, on the nodes given.
func cluster(nodes ...snapshot.Node) *snapshot.Snapshot {
	var r snapshot.Router
	r.Namespace, r.Name, r.Provisioner = "billing", "partner-a", egress.Standalone
	r.Spec.Addresses = []nov1.EgressRouterAddress{{IP: "192.168.12.99/24", Gateway: "192.168.12.1"}}
	r.Spec.Redirect = &nov1.RedirectConfig{RedirectRules: []nov1.L4RedirectRule{
		{Port: 80, Protocol: "TCP", DestinationIP: "203.0.113.26"},
		{Port: 81, Protocol: "TCP", DestinationIP: "203.0.113.26"},
	}, FallbackIP: "203.0.113.9"}
	return &snapshot.Snapshot{
		Routers: []snapshot.Router{r}, Nodes: nodes,
		Pods: []snapshot.Pod{{Namespace: "billing", Name: "partner-a-x", Labels: egress.Labels("partner-a"), Node: "worker-1",
			Ready: true, IP: "192.168.12.99", MAC: "02:E6:C0:A8:0C:63", Created: time.Unix(1, 0)}},
	}
}

// worker is a healthy node; change makes it what a test is about.
func worker(name string, change func(*snapshot.Node)) snapshot.Node {
	n := snapshot.Node{Name: name, Ready: true, Addresses: []string{"192.168.12.11"}, ProviderID: "openstack:///" + name}
	if change != nil {
		change(&n)
	}
	return n
}

func TestAttachments(t *testing.T) {
	at := func(name string, active bool) Attachment {
		return Attachment{
			Router: "billing/partner-a", IP: netip.MustParsePrefix("192.168.12.99/24"), MAC: "02:e6:c0:a8:0c:63", Active: active,
			Node:         Node{Name: name, ProviderID: "openstack:///" + name, Addresses: []netip.Addr{netip.MustParseAddr("192.168.12.11")}},
			Destinations: []netip.Addr{netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("203.0.113.26")},
		}
	}
	s := cluster(worker("worker-1", nil), worker("worker-2", nil))
	if got, want := Attachments(s, s.Routers, false), []Attachment{at("worker-1", true)}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	all := []Attachment{at("worker-1", true), at("worker-2", false)}
	if got := Attachments(s, s.Routers, true); !reflect.DeepEqual(got, all) {
		t.Errorf("all nodes: got %+v, want %+v", got, all)
	}

	s.Pods = nil
	s.NADs = []snapshot.NAD{{Namespace: "billing", Name: "partner-a",
		Config: `{"plugins":[{"type":"egress-router"},{"type":"tuning","mac":"02:E6:00:00:00:01"}]}`}}
	waiting := Attachments(s, s.Routers, true)
	if len(waiting) != 2 || waiting[0].MAC != "02:e6:00:00:00:01" || waiting[0].Active || waiting[1].Active {
		t.Errorf("without a pod the MAC is the NAD's, and no node is active: got %+v", waiting)
	}
	if got := Attachments(s, s.Routers, false); got != nil {
		t.Errorf("without a pod nothing leaves: got %+v", got)
	}

	s.Routers[0].Spec.Addresses[0].IP = "192.168.12.99"
	if got := Attachments(s, s.Routers, true); got != nil {
		t.Errorf("an address that cannot be used leaves from nowhere: got %+v", got)
	}
}

func TestDetect(t *testing.T) {
	platforms := []Platform{
		{Name: "openstack", Infrastructure: "OpenStack", Schemes: []string{"openstack"}},
		{Name: "vsphere", Infrastructure: "VSphere", Schemes: []string{"vsphere"}},
		{Name: "switch", Schemes: []string{"switch", "switches"}},
	}
	tests := []struct{ platform, providerID, want string }{
		{"OpenStack", "", "openstack"},
		{"VSphere", "", "vsphere"},
		{"openstack", "vsphere://x", "openstack"},
		{"AWS", "openstack:///x", ""},
		{"None", "vsphere://x", "vsphere"},
		{"none", "", ""},
		{"", "openstack://RegionOne/x", "openstack"},
		{"", "vsphere://x", "vsphere"},
		{"", "switches://x", "switch"},
		{"switch", "switch://x", ""},
		{"", "vsphere", ""},
		{"", "aws:///x", ""},
		{"", "", ""},
	}
	for _, test := range tests {
		s := &snapshot.Snapshot{Cluster: snapshot.Cluster{Platform: test.platform}, Nodes: []snapshot.Node{{ProviderID: test.providerID}}}
		if got := Detect(s, platforms); got != test.want {
			t.Errorf("%+v: got %q", test, got)
		}
	}
}
