package controller_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	nov1 "github.com/openshift/api/networkoperator/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// ownAddress is the address that a tenant is granted, and ownMAC one that its pod may have.
const (
	ownAddress = "10.0.210.10"
	ownMAC     = "02:00:00:00:66:01"
	nextTo     = "10.0.210.11"
)

func sieges() []siege { return slices.Concat(ungrantedSieges(), forgedSieges(), grantedSieges()) }

const nothing = "namespace tenant-b is granted no address"

// ungrantedSieges are of a tenant who is granted nothing.
func ungrantedSieges() []siege {
	return []siege{
		{attack: attack{name: "asks for the addresses of others, who delete theirs", do: func(m *tenant) {
			m.router("evil", address(0)+"/16", nil)
			m.forge("evil-2", address(2), "worker-1", mac(2))
		}, said: nothing}},
		{attack: attack{name: "creates and deletes what asks for another's address", do: func(m *tenant) { m.router("first", address(2)+"/16", nil) }, said: nothing},
			again: func(m *tenant, n int) {
				m.router(fmt.Sprintf("evil-%d", n), address(2)+"/16", nil)
				m.remove(fmt.Sprintf("evil-%d", n))
			}},
		{attack: attack{name: "has the name of another's router, before and after", do: func(m *tenant) {
			m.forge(name(0), address(0), "worker-2", mac(0))
			m.forge(name(2), address(2), "worker-2", mac(2))
		}, said: nothing}},
		{attack: attack{name: "300 pods of a router", do: func(m *tenant) {
			m.router("evil", address(0)+"/16", nil)
			many(300, func(int) { m.pod("evil", "evil-5d4f8c7b9", "worker-2", m.status("evil", address(0), mac(0))) })
		}, said: nothing}},
		{attack: attack{name: "pods of no router, ever others", do: func(m *tenant) { m.router("evil", address(0)+"/16", nil) }, said: nothing},
			again: func(m *tenant, n int) {
				m.pod(fmt.Sprintf("evil-%d", n), "evil-5d4f8c7b9", "worker-2", m.status("evil", address(0), mac(0)))
			}},
		{attack: attack{name: "a pod on a node that is not there", do: func(m *tenant) { m.forge("evil", unheld, "ghost", ownMAC) }, said: nothing}},
		{attack: attack{name: "pods of the operator's without an EgressRouter", do: func(m *tenant) {
			m.router(egress.OperatorDeployment, address(0)+"/16", nil)
			m.plant(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: m.in, Name: "operator", Labels: map[string]string{"app": egress.OperatorApp},
				Annotations: map[string]string{egress.AnnotationNetworkStatus: m.status(egress.OperatorNAD, address(0), mac(0))}}, Spec: podSpec("worker-2")})
			both := egress.Labels(egress.OperatorDeployment)
			both["app"] = egress.OperatorApp
			m.plant(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: m.in, Name: "both", Labels: both,
				Annotations: map[string]string{egress.AnnotationNetworkStatus: m.status(egress.OperatorNAD, address(0), mac(0))}}, Spec: podSpec("worker-2")})
		}, said: nothing}},
		{attack: attack{name: "names with dots, and the longest", do: func(m *tenant) {
			m.named("partners."+name(0), address(0))
			m.named(strings.Repeat("evil.", 50)+"x", address(2))
		}, said: nothing}},
		{attack: attack{name: "is stuck deleting", do: func(m *tenant) {
			m.router("evil", address(0)+"/16", nil)
			m.patch("evil", `{"metadata":{"finalizers":["example.com/stuck"]}}`)
			m.remove("evil")
		}, said: nothing}},
		{attack: attack{name: "addresses in all spellings", do: func(m *tenant) {
			for i, text := range []string{address(0), address(0) + "/32", address(0) + "/0", " " + address(0) + "/16", "010.0.200.1/16", address(0) + "%eth0",
				"::ffff:" + address(0), "fe80::1%\u001b[31m" + strings.Repeat("x", 9000), "10.0.51201/16", "0x0a00c801"} {
				m.router(fmt.Sprintf("evil-%d", i), text, nil)
			}
		}, said: nothing}},
		{attack: attack{name: "an EgressRouter, and a router of that name", do: func(m *tenant) {
			r := m.described("evil", address(0)+"/16")
			egress.SetDefaults(r)
			m.create(r)
			m.router("evil", address(2)+"/16", nil)
		}, said: "it is there under both provisioners"}},
		{attack: attack{name: "settings that nobody can read", do: func(m *tenant) {
			r := m.described("evil", address(0)+"/16")
			egress.SetDefaults(r)
			r.Annotations = map[string]string{egress.AnnotationDeployment: `{"nodeSelector":{"` + strings.Repeat("\u001b", 20_000) + `":[]}}`}
			m.create(r)
		}, said: nothing}},
	}
}

// forgedSieges are of annotations that say more than they should.
func forgedSieges() []siege {
	return []siege{
		{attack: attack{name: "an annotation of 200 KiB", do: func(m *tenant) {
			r := m.described("evil", address(0)+"/16")
			r.Annotations = map[string]string{"x": strings.Repeat("x", 200<<10)}
			m.describe("evil", r)
		}, said: nothing}},
		{attack: attack{name: "a number of 200 KiB", do: func(m *tenant) {
			m.deployment("evil", map[string]string{egress.AnnotationRouter: `{"spec":{"redirect":{"redirectRules":[{"port":` + strings.Repeat("1", 200<<10) + `}]}}}`})
		}, said: "cannot be understood"}},
		{attack: attack{name: "60 annotations that nobody can read", do: func(m *tenant) {
			for i := range 60 {
				m.deployment(fmt.Sprintf("evil-%d", i), map[string]string{egress.AnnotationRouter: "\u001b[2J"})
			}
		}, said: "cannot be understood"}},
		{attack: attack{name: "ever other annotations that nobody can read", do: func(m *tenant) {
			m.deployment("first", map[string]string{egress.AnnotationRouter: "["})
		}, said: "cannot be understood"}, again: func(m *tenant, n int) {
			m.deployment(fmt.Sprintf("evil-%d", n), map[string]string{egress.AnnotationRouter: "{"})
			m.remove(fmt.Sprintf("evil-%d", n))
		}},
		{attack: attack{name: "says it is older, and another's by UID", do: func(m *tenant) {
			r := m.described(name(0), address(0)+"/16")
			r.Namespace, r.CreationTimestamp = m.namespace, metav1.Unix(0, 0)
			r.Finalizers, r.OwnerReferences = []string{"x/y"}, []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: name(0), UID: "1"}}
			m.describe(name(0), r)
		}, said: nothing}},
		{attack: attack{name: "changes its address", do: func(m *tenant) { m.router("evil", unheld+"/16", nil) }, said: nothing}, again: func(m *tenant, n int) {
			r := m.described("evil", fmt.Sprintf("10.0.200.%d/16", n%4))
			text, err := json.Marshal(r)
			if err == nil {
				m.patch("evil", fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, egress.AnnotationRouter, text))
			}
		}},
	}
}

// grantedSieges are of a tenant who is granted one address.
func grantedSieges() []siege {
	shows := func(status string) func(*tenant) {
		return func(m *tenant) {
			m.nad(ownAddress, "")
			m.router("evil", ownAddress+"/16", nil)
			m.pod("evil", "evil-5d4f8c7b9", "worker-1", status)
		}
	}
	owns := map[string][]string{"worker-1": {ownAddress + " " + ownMAC}}
	return []siege{
		{attack: attack{name: "the addresses of others that delete theirs, with a grant", grant: ownAddress, do: func(m *tenant) {
			m.router("evil", address(0)+"/16", nil)
			m.router("evil-2", address(2)+"/16", nil)
		}, said: "is not granted " + address(0)}},
		{attack: attack{name: "another's MAC with hyphens", grant: ownAddress, do: wholeWith(strings.ReplaceAll(mac(0), ":", "-")), said: "is that of partners/" + name(0) + ", which has had it before"}, moves: true},
		{attack: attack{name: "another's MAC with dots", grant: ownAddress, do: wholeWith("0A58.0A00.C801"), said: "is that of partners/" + name(0) + ", which has had it before"}, moves: true},
		{attack: attack{name: "another's MAC, by an older router", grant: ownAddress, do: func(m *tenant) {
			m.nad(ownAddress, "")
			m.router("evil", ownAddress+"/16", nil)
			m.renewOther(0)
			m.pod("evil", "evil-5d4f8c7b9", "worker-1", m.status("evil", ownAddress, mac(0)))
		}, said: "is that of partners/" + name(0) + ", which has had it before"}, moves: true},
		{attack: attack{name: "an address with a zone of 9,000 bytes", grant: ownAddress, do: func(m *tenant) {
			m.router("evil", "fe80::1%\u001b[31m"+strings.Repeat("x", 9000), nil)
		}, said: "is not granted fe80::1"}},
		{attack: attack{name: "a net1 of 100 KiB", grant: ownAddress, do: func(m *tenant) {
			shows(fmt.Sprintf(`[{"name":"%s/evil","interface":"net1","ips":["%s"],"mac":"%s"}]`, m.in, `\u001b[2J`+strings.Repeat("x", 100<<10), ownMAC))(m)
		}, said: `has address \x1b[2Jxx`}},
		{attack: attack{name: "a MAC of 100 KiB", grant: ownAddress, do: func(m *tenant) { shows(m.status("evil", ownAddress, strings.Repeat("x", 100<<10)))(m) }, said: "has MAC"}},
		{attack: attack{name: "two net1", grant: ownAddress, do: func(m *tenant) {
			shows(strings.TrimSuffix(m.status("evil", address(2), mac(2)), "]") + "," + strings.TrimPrefix(m.status("evil", ownAddress, ownMAC), "["))(m)
		}, said: "has address " + address(2)}},
		{attack: attack{name: "net1 of another's NAD", grant: ownAddress, do: func(m *tenant) {
			shows(strings.ReplaceAll(m.status("evil", ownAddress, ownMAC), m.in+"/evil", m.namespace+"/"+name(0)))(m)
		}, said: "is of network"}},
		{attack: attack{name: "another's router first, then its own", grant: ownAddress, do: func(m *tenant) {
			m.nad(ownAddress, "")
			r := m.described("evil", address(2)+"/16")
			r.Spec.Addresses = append(r.Spec.Addresses, nov1.EgressRouterAddress{IP: ownAddress + "/16", Gateway: "10.0.0.1"})
			m.describe("evil", r)
			m.pod("evil", "evil-5d4f8c7b9", "worker-1", m.status("evil", address(2), mac(2)))
		}, said: "is not granted " + address(2)}},
		{attack: attack{name: "a MAC of 8 bytes", grant: ownAddress, do: wholeWith("02:00:00:00:66:01:02:03"), said: "which is none"}},
		{attack: attack{name: "the zero MAC", grant: ownAddress, do: wholeWith("00:00:00:00:00:00"), said: "must be locally administered"}},
		{attack: attack{name: "a MAC for many", grant: ownAddress, do: wholeWith("33:33:00:00:00:01"), said: "multicast"}},
		{attack: attack{name: "a granted router on a node that is not there", grant: ownAddress, do: func(m *tenant) {
			m.nad(ownAddress, "")
			m.forge("evil", ownAddress, "ghost", ownMAC)
		}, said: "ghost"}},
		{attack: attack{name: "a node that is not there, with a selector", grant: ownAddress, nodes: "egress=yes", do: func(m *tenant) {
			m.nad(ownAddress, "")
			m.forge("evil", ownAddress, "ghost", ownMAC)
		}, said: "the labels of node ghost are not known"}},
		{attack: attack{name: "two of one address", grant: ownAddress, do: func(m *tenant) {
			wholeWith(ownMAC)(m)
			m.router("evil-2", ownAddress+"/16", nil)
			m.router("evil-3", ownAddress+"/0", nil)
		}, said: "which is older"}, owns: owns},
		{attack: attack{name: "one more than the grant's limit", grant: ownAddress + "," + nextTo, most: "1", do: func(m *tenant) {
			wholeWith(ownMAC)(m)
			m.router("evil-2", nextTo+"/16", nil)
		}, said: "is granted 1 router"}, owns: owns},
		{attack: attack{name: "the NAD changes while the pair stands", grant: ownAddress, do: func(m *tenant) {
			wholeWith(ownMAC)(m)
			m.awaitSaid("allows " + ownAddress)
			m.renet(address(2))
		}, said: "its NAD evil has address " + address(2)}, owns: owns},
		{attack: attack{name: "the NAD goes while the pair stands", grant: ownAddress, do: func(m *tenant) {
			wholeWith(ownMAC)(m)
			m.awaitSaid("allows " + ownAddress)
			m.renet("")
		}, said: "its NAD evil is gone"}, owns: owns},
		{attack: attack{name: "ever other MACs, and those of others", grant: ownAddress, do: wholeWith(ownMAC), said: "allows " + ownAddress}, again: func(m *tenant, n int) {
			m.remac([]string{mac(0), fmt.Sprintf("02:00:00:00:67:%02x", n%256), mac(2)}[n%3])
		}},
		{attack: attack{name: "ever other nodes", grant: ownAddress, do: wholeWith(ownMAC), said: "allows " + ownAddress}, again: func(m *tenant, n int) {
			m.pod("evil", "evil-5d4f8c7b9", fmt.Sprintf("worker-%d", n%4+1), m.status("evil", ownAddress, ownMAC))
		}},
	}
}

// wholeWith makes all that a router of the granted address has, with a MAC.
func wholeWith(mac string) func(*tenant) {
	return func(m *tenant) {
		m.nad(ownAddress, "")
		m.forge("evil", ownAddress, "worker-1", mac)
	}
}
