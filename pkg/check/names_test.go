package check

import (
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

func TestOtherProvisioner(t *testing.T) {
	named := func(namespace, name string) func(*snapshot.Router) {
		return func(r *snapshot.Router) { r.Namespace, r.Name = namespace, name }
	}
	const moved = "partner-a in namespace billing is a router of the operator provisioner: change it with --provisioner=operator; " +
		`to move it, "delete partner-a -n billing" first, which waits until its address is free, then create it with --provisioner=standalone`
	tests := []struct {
		name           string
		routers, there []snapshot.Router
		want           string
	}{
		{"nothing is there", []snapshot.Router{router(standalone)}, nil, ""},
		{"only itself is there", []snapshot.Router{router(standalone)}, []snapshot.Router{router(standalone)}, ""},
		{"under the other", []snapshot.Router{router(standalone)}, []snapshot.Router{router(nil)}, moved},
		{"one of several", []snapshot.Router{router(both(standalone, named("billing", "partner-b"))), router(standalone)}, []snapshot.Router{router(nil)}, moved},
		{"another name", []snapshot.Router{router(standalone)}, []snapshot.Router{router(named("billing", "partner-b"))}, ""},
		{"another namespace", []snapshot.Router{router(standalone)}, []snapshot.Router{router(named("payroll", "partner-a"))}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if err := OtherProvisioner(test.routers, test.there); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("said %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestSharedMAC(t *testing.T) {
	const mac = "02:00:00:00:00:07"
	nad := func(namespace, name, fixed string) snapshot.NAD {
		return snapshot.NAD{Namespace: namespace, Name: name,
			Config: `{"cniVersion":"0.4.0","name":"x","plugins":[{"type":"egress-router","ip":{}},{"type":"tuning","mac":"` + fixed + `"}]}`}
	}
	r := router(standalone)
	tests := []struct {
		name string
		nad  snapshot.NAD
		want string
	}{
		{"its own", nad("billing", "partner-a", mac), ""},
		{"another's", nad("billing", "partner-b", mac), "partner-b in namespace billing"},
		{"in another namespace", nad("payroll", "partner-a", mac), "partner-a in namespace payroll"},
		{"in other letters", nad("payroll", "partner-a", "02-00-00-00-00-07"), "partner-a in namespace payroll"},
		{"another MAC", nad("payroll", "partner-a", "02:00:00:00:00:08"), ""},
		{"none", snapshot.NAD{Namespace: "payroll", Name: "partner-a"}, ""},
		{"the operator's NAD of this namespace", nad("billing", egress.OperatorNAD, mac), egress.OperatorNAD + " in namespace billing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := ""
			if test.want != "" {
				want = "--mac " + mac + " is the MAC of NAD " + test.want + " too, and frames for either pod would reach one of them: leave it out, and the router gets its own"
			}
			got := ""
			if err := SharedMAC(r, mac, []snapshot.NAD{test.nad}); err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("said %q\nwant %q", got, want)
			}
		})
	}
}
