package vsphere

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// errUnverified is the error of a change that was written and could not be seen to hold afterwards: it
// belongs into what is saved for a revert all the same.
var errUnverified = errors.New("written, but not seen to hold")

var errNoUser = errors.New("no user name is given: set GOVC_USERNAME and GOVC_PASSWORD")

// explain says what a person can do about err, in a line that names the vCenter.
func (v *vcenter) explain(err error) error {
	if _, done := errors.AsType[*finding.ExplainedError](err); err == nil || done || errors.Is(err, context.Canceled) {
		return err
	}
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	say := func(format string, args ...any) error {
		return &finding.ExplainedError{Text: "vCenter " + v.name + fmt.Sprintf(format, args...), Cause: err}
	}
	missing := permission(err)
	switch {
	case fault.Is(err, &types.InvalidLogin{}):
		err = errors.Join(platform.ErrCredentials, err)
		return say(" does not accept the password of %s: check GOVC_USERNAME and GOVC_PASSWORD", v.credentials.Username)
	case fault.Is(err, &types.NotAuthenticated{}):
		return say(": the session expired, and so did the one after it: look for what ends sessions there, then try again")
	case errors.As(err, &hostname):
		return say(": its certificate is for other names (%v): use one of them in GOVC_URL (--vsphere-url)", hostname)
	case errors.As(err, &invalid):
		return say(": its certificate is not valid: %v", invalid)
	case soap.IsCertificateUntrusted(err):
		return say(": its certificate is signed by an unknown authority: name the file of its CA with --vsphere-tls-ca-certs (GOVC_TLS_CA_CERTS)")
	case missing != nil:
		on := ""
		if missing.Object != nil {
			on = " on " + missing.Object.Value
		}
		return say(": %s has no privilege %s%s: ask an administrator for it", v.credentials.Username, privilegeOf(missing), on)
	case errors.Is(err, context.DeadlineExceeded):
		return say(" did not answer in time: %v", err)
	case finding.Unreached(err):
		return say(" cannot be reached: %v: check GOVC_URL (--vsphere-url) and the network", withoutURL(err))
	}
	return say(": %v", withoutURL(err))
}

// permission is the NoPermission in err; nil where it is none.
func permission(err any) *types.NoPermission {
	var p *types.NoPermission
	_, _ = fault.As(err, &p)
	return p
}

func privilegeOf(p *types.NoPermission) string {
	if p.PrivilegeId != "" {
		return p.PrivilegeId
	}
	for _, m := range p.MissingPrivileges {
		if len(m.PrivilegeIds) > 0 {
			return m.PrivilegeIds[0]
		}
	}
	return "(vCenter does not say which)"
}

// withoutURL drops the URL that net/http puts before an error.
func withoutURL(err error) error {
	if request, ok := errors.AsType[*url.Error](err); ok {
		return request.Err
	}
	return err
}
