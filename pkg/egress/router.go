package egress

import (
	"net/netip"

	nov1 "github.com/openshift/api/networkoperator/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kind is the kind of the one description of a router.
var Kind = nov1.GroupVersion.WithKind("EgressRouter")

// Resource is where the API server keeps EgressRouters.
var Resource = schema.GroupVersionResource{Group: nov1.GroupName, Version: "v1", Resource: "egressrouters"}

// SetDefaults fills what the EgressRouter CRD would default, and an empty redirect, without which its
// schema refuses the object. Files and flags then say the same thing in the same words.
func SetDefaults(r *nov1.EgressRouter) {
	r.TypeMeta = metav1.TypeMeta{APIVersion: Kind.GroupVersion().String(), Kind: Kind.Kind}
	if r.Spec.Mode == "" {
		r.Spec.Mode = nov1.EgressRouterModeRedirect
	}
	if r.Spec.NetworkInterface.Macvlan.Mode == "" {
		r.Spec.NetworkInterface.Macvlan.Mode = nov1.MacvlanModeBridge
	}
	if r.Spec.Redirect == nil {
		r.Spec.Redirect = &nov1.RedirectConfig{}
	}
	if r.Spec.Addresses == nil {
		r.Spec.Addresses = []nov1.EgressRouterAddress{}
	}
}

// Key is how findings and messages name a router: namespace/name.
func Key(r *nov1.EgressRouter) string {
	return r.Namespace + "/" + r.Name
}

// Rules are the redirect rules of r, in the order in which they are tried.
func Rules(r *nov1.EgressRouter) []nov1.L4RedirectRule {
	if r.Spec.Redirect == nil {
		return nil
	}
	return r.Spec.Redirect.RedirectRules
}

// Fallback is the fallback IP of r, or "".
func Fallback(r *nov1.EgressRouter) string {
	if r.Spec.Redirect == nil {
		return ""
	}
	return r.Spec.Redirect.FallbackIP
}

// Address is the one address of r that counts, or the zero value: operator and CNI plugin use the first.
func Address(r *nov1.EgressRouter) nov1.EgressRouterAddress {
	if len(r.Spec.Addresses) == 0 {
		return nov1.EgressRouterAddress{}
	}
	return r.Spec.Addresses[0]
}

// ReservedIP is the IP of r's address, with or without a prefix length; invalid if it is no address.
func ReservedIP(r *nov1.EgressRouter) netip.Addr {
	s := Address(r).IP
	if prefix, err := netip.ParsePrefix(s); err == nil {
		return prefix.Addr()
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return addr
}

// Ports are the ports that the rules of r redirect, each once, in the order of the rules.
func Ports(r *nov1.EgressRouter) []Port {
	var ports []Port
	seen := map[Port]bool{}
	for _, rule := range Rules(r) {
		if p := PortOf(rule); !seen[p] {
			seen[p] = true
			ports = append(ports, p)
		}
	}
	return ports
}
