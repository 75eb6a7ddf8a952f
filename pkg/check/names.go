package check

import (
	"errors"
	"fmt"

	nov1 "github.com/openshift/api/networkoperator/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// OtherProvisioner says why routers, which are about to be applied, cannot be: one of that namespace and name is there
// under the other provisioner. nil where none is.
func OtherProvisioner(routers, there []snapshot.Router) error {
	by := map[routerKey]bool{}
	for _, r := range there {
		by[keyOf(r)] = true
	}
	var errs []error
	for _, r := range routers {
		if other := r.Provisioner.Other(); by[routerKey{egress.Key(&r.EgressRouter), other}] {
			errs = append(errs, UnderOther(&r.EgressRouter, other))
		}
	}
	return errors.Join(errs...)
}

// UnderOther says what to do about a router that is there under the provisioner other: no verb could tell two of one name
// apart, and both would have the name's Service.
func UnderOther(r *nov1.EgressRouter, other egress.Provisioner) error {
	return fmt.Errorf("%s in namespace %s is a router of the %s provisioner: change it with --provisioner=%s; to move it, \"delete %s -n %s\" first, which waits until its address is free, then create it with --provisioner=%s",
		r.Name, r.Namespace, other, other, r.Name, r.Namespace, other.Other())
}
