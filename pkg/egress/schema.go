package egress

import (
	nov1 "github.com/openshift/api/networkoperator/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ValidateSchema says what the EgressRouter CRD's schema would refuse in the values of r's fields, so
// that it is said before anything is written and where no CRD is installed. What the checks have a code
// for (addresses, gateway, destinations, mode) is left to them. SetDefaults comes first.
func ValidateSchema(r *nov1.EgressRouter) field.ErrorList {
	var errs field.ErrorList
	spec := field.NewPath("spec")
	mode := r.Spec.NetworkInterface.Macvlan.Mode
	switch mode {
	case nov1.MacvlanModeBridge, nov1.MacvlanModePrivate, nov1.MacvlanModeVEPA, nov1.MacvlanModePassthru:
	default:
		errs = append(errs, field.NotSupported(spec.Child("networkInterface", "macvlan", "mode"), mode,
			[]nov1.MacvlanMode{nov1.MacvlanModeBridge, nov1.MacvlanModePrivate, nov1.MacvlanModeVEPA, nov1.MacvlanModePassthru}))
	}
	for i, rule := range Rules(r) {
		errs = append(errs, validateRule(spec.Child("redirect", "redirectRules").Index(i), rule)...)
	}
	return errs
}

func validateRule(path *field.Path, rule nov1.L4RedirectRule) field.ErrorList {
	var errs field.ErrorList
	if rule.Port < 1 || rule.Port > 65535 {
		errs = append(errs, field.Invalid(path.Child("port"), rule.Port, "must be a number from 1 to 65535"))
	}
	if rule.TargetPort < 0 || rule.TargetPort > 65535 {
		errs = append(errs, field.Invalid(path.Child("targetPort"), rule.TargetPort, "must be a number from 1 to 65535"))
	}
	switch rule.Protocol {
	case nov1.ProtocolTypeTCP, nov1.ProtocolTypeUDP, nov1.ProtocolTypeSCTP:
	default:
		errs = append(errs, field.NotSupported(path.Child("protocol"), rule.Protocol,
			[]nov1.ProtocolType{nov1.ProtocolTypeTCP, nov1.ProtocolTypeUDP, nov1.ProtocolTypeSCTP}))
	}
	if rule.DestinationIP == "" {
		errs = append(errs, field.Required(path.Child("destinationIP"), "where the traffic goes"))
	}
	return errs
}
