package check

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// found is what there is to find in s, beside EGR223: that holds of every router that drops nothing, of healthy ones too.
func found(s *snapshot.Snapshot) []finding.Finding {
	return slices.DeleteFunc(Judge(s, Options{}).Findings, func(f finding.Finding) bool { return f.Code == finding.OpenInbound })
}

// In the clusters that the inputs of all codes are made from, there is nothing to find.
func TestHealthy(t *testing.T) {
	for _, name := range []string{"operator", "standalone"} {
		t.Run(name, func(t *testing.T) {
			if got := found(decode(t, base(t, name))); len(got) > 0 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// three is a healthy cluster with three operator-managed routers, each in a namespace of its own.
func three(t *testing.T) *snapshot.Snapshot {
	t.Helper()
	s := decode(t, base(t, "operator"))
	for namespace, address := range map[string]string{"payroll": "192.168.12.101", "shipping": "192.168.12.102"} {
		text := strings.NewReplacer("billing", namespace, "192.168.12.99", address, "10.128.2.14", "10.128.2.1"+address[len(address)-1:]).
			Replace(string(base(t, "operator")))
		more := decode(t, []byte(text))
		s.Routers = append(s.Routers, more.Routers...)
		s.NADs = append(s.NADs, *more.Index().NADOf(more.Routers[0]))
		s.Deployments = append(s.Deployments, more.Deployments...)
		s.Pods = append(s.Pods, more.Pods...)
		s.Services = append(s.Services, more.Services...)
		s.NetworkPolicies = append(s.NetworkPolicies, more.NetworkPolicies...)
		s.Namespaces = append(s.Namespaces, *more.Index().NamespaceOf(namespace))
	}
	s.Sort()
	return s
}

func TestThreeHealthyRouters(t *testing.T) {
	s := three(t)
	if len(s.Routers) != 3 || len(s.Pods) != 3 || len(s.Services) != 3 {
		t.Fatalf("the input is not what it should be: %+v", s)
	}
	if got := found(s); len(got) > 0 {
		t.Errorf("got %+v", got)
	}
	s.Services, s.NetworkPolicies = nil, nil
	want := map[finding.Code]int{finding.NoService: 3, finding.OpenToAll: 3}
	got := map[finding.Code]int{}
	for _, f := range found(s) {
		got[f.Code]++
		if f.Level != finding.Info {
			t.Errorf("%+v", f)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("without Services and policies: %v, want %v", got, want)
	}
}

// Two operator-managed routers in a namespace share NAD, Deployment and pod. What is there fits one of them
// at most, and only EGR113 says so.
func TestSharedNamespaceSpeaksAlone(t *testing.T) {
	s := decode(t, base(t, "operator"))
	other := s.Routers[0]
	other.EgressRouter = *s.Routers[0].DeepCopy()
	other.Name, other.Spec.Addresses[0].IP = "partner-b", "192.168.12.98/24"
	s.Routers = append(s.Routers, other)
	var got []string
	for _, f := range found(s) {
		got = append(got, string(f.Code)+" "+f.Object)
	}
	if want := []string{"EGR113 billing/partner-a", "EGR113 billing/partner-b"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// What may not be read makes no other check speak: only EGR202 does.
func TestUnknownSpeaksAlone(t *testing.T) {
	for _, resource := range []string{
		routersResource, nadsResource, deployments, podsResource, eventsResource, servicesResource, nodesResource,
		policiesResource, "namespaces", "endpointslices", "infrastructures", "clusteroperators", "egressips",
	} {
		t.Run(resource, func(t *testing.T) {
			s := decode(t, base(t, "operator"))
			s.Unknown = []snapshot.Unknown{{Resource: resource, Reason: "forbidden"}}
			switch resource {
			case routersResource:
				s.Routers = nil
			case nadsResource:
				s.NADs = nil
			case deployments:
				s.Deployments = nil
			case podsResource:
				s.Pods = nil
			case servicesResource:
				s.Services = nil
			case nodesResource:
				s.Nodes = nil
			case policiesResource:
				s.NetworkPolicies = nil
			case "namespaces":
				s.Namespaces = nil
			case "infrastructures", "clusteroperators":
				s.Cluster.Platform, s.Cluster.NetworkOperator = "", nil
			case "egressips":
				s.Claims = nil
			}
			got := found(s)
			checkCodes(t, got, []finding.Code{finding.Forbidden})
		})
	}
}

// FuzzCluster puts any text where others than this tool write. What is found must be said in full, on a line,
// and the same each time.
func FuzzCluster(f *testing.F) {
	f.Add("192.168.12.99", `{"type":"egress-router","ip":{"addresses":["x"],"destinations":["1 TCP"]},"interfaceArgs":{"mtu":1}}`,
		"could not reconcile Egress Router a/b: x", "unexpected end of JSON input", "aws:///1", "calico")
	f.Add("10.0.0.1-10.0.0.9", `{"plugins":[{"type":"egress-router"},{"type":1}]}`, "billing/partner-a", "address already in use", "", "")
	f.Add("::/0", "{", "egress router -/-", "index out of range", ":", "\x00")
	f.Add("192.168.12.0/24", `{"plugins":[{"type":"egress-router","ip":7}]}`, "", "", "gce", "cbr0")
	bases := map[egress.Provisioner][]byte{egress.Operator: base(f, "operator"), egress.Standalone: base(f, "standalone")}
	f.Fuzz(func(t *testing.T, address, config, message, event, provider, network string) {
		read := func(provisioner egress.Provisioner) *snapshot.Snapshot {
			s := decode(t, bases[provisioner])
			s.Claims = []snapshot.Claim{{Address: address, By: message}}
			s.NADs[0].Config = config
			s.Cluster.NetworkOperator = &snapshot.Operator{Degraded: true, Message: message}
			s.Nodes[0].ProviderID, s.Nodes[0].CNI = provider, network
			s.Unknown = []snapshot.Unknown{{Resource: network, Reason: event}}
			old := s.Pods[0]
			old.Name, old.IP, old.StatusError = "old", address, message
			hanging := s.Pods[0]
			hanging.Name, hanging.Ready, hanging.State = "new", false, "ContainerCreating"
			hanging.Events = []snapshot.Event{{Reason: "Failed", Message: event}, {Reason: "Failed", Message: maskedError}}
			s.Pods = append(s.Pods, old, hanging)
			return s
		}
		for _, provisioner := range []egress.Provisioner{egress.Operator, egress.Standalone} {
			found := Judge(read(provisioner), Options{}).Findings
			for _, f := range found {
				for _, text := range append([]string{f.Object, f.Message, f.Why, f.Fix}, f.Commands...) {
					if text == "" || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
						t.Errorf("%+v: a text is empty, or not one to print", f)
					}
				}
			}
			if again := Judge(read(provisioner), Options{}).Findings; !reflect.DeepEqual(found, again) {
				t.Errorf("once %+v, then %+v", found, again)
			}
		}
	})
}
