package check

import (
	"reflect"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

func TestBeside(t *testing.T) {
	named := func(namespace, name string) func(*snapshot.Router) {
		return func(r *snapshot.Router) { r.Namespace, r.Name = namespace, name }
	}
	first := router(nil)
	second := router(both(named("billing", "partner-b"), addressed("192.168.12.98/24", "192.168.12.1")))
	shared := func(object, other string) finding.Finding {
		return about(router(named("billing", object)), finding.SharedNamespace, "namespace billing has another operator-managed router: "+other, "", "")
	}
	same := func(object, other string) finding.Finding {
		return about(router(named("billing", object)), finding.SharedAddress, "address 192.168.12.99 is also the address of "+other, "", "")
	}
	tests := []struct {
		name           string
		routers, there []snapshot.Router
		want           []finding.Finding
	}{
		{"nothing is there", []snapshot.Router{first, second}, nil, nil},
		{"only itself is there", []snapshot.Router{first}, []snapshot.Router{first}, nil},
		{"itself, of the other provisioner", []snapshot.Router{first}, []snapshot.Router{router(standalone)}, nil},
		{"another in the namespace", []snapshot.Router{first}, []snapshot.Router{second}, []finding.Finding{shared("partner-a", "billing/partner-b")}},
		{"another in the namespace, standalone", []snapshot.Router{first},
			[]snapshot.Router{router(both(named("billing", "partner-b"), addressed("192.168.12.98/24", "192.168.12.1"), standalone))}, nil},
		{"a standalone one beside another", []snapshot.Router{router(standalone)}, []snapshot.Router{second}, nil},
		{"the address, in another namespace", []snapshot.Router{first}, []snapshot.Router{router(named("payroll", "partner-b"))},
			[]finding.Finding{same("partner-a", "payroll/partner-b")}},
		{"the address with another prefix length, of the other provisioner", []snapshot.Router{router(standalone)},
			[]snapshot.Router{router(both(named("payroll", "partner-b"), addressed("192.168.12.99/16", "192.168.12.1")))},
			[]finding.Finding{same("partner-a", "payroll/partner-b")}},
		{"what the input has among itself does not count", []snapshot.Router{first, router(named("billing", "partner-b"))},
			[]snapshot.Router{router(named("payroll", "partner-z"))},
			[]finding.Finding{same("partner-a", "billing/partner-b, payroll/partner-z"), same("partner-b", "billing/partner-a, payroll/partner-z")}},
		{"others among themselves", []snapshot.Router{first},
			[]snapshot.Router{router(both(named("payroll", "y"), addressed("192.168.12.1", ""))), router(both(named("payroll", "z"), addressed("192.168.12.1", "")))}, nil},
		{"a warning is none", []snapshot.Router{router(redirected())}, []snapshot.Router{first}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Beside(test.routers, test.there)
			for i := range got {
				got[i].Why, got[i].Fix = "", ""
			}
			if len(got)+len(test.want) > 0 && !reflect.DeepEqual(got, test.want) {
				t.Errorf("%s", compared(got, test.want))
			}
		})
	}
}
