package openstack

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// neutronError is the body of Neutron's refusals.
type neutronError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// refusal is the status and the NeutronError in err; the status is 0 where err is no answer. What a server says may
// hold what it was sent, and is cleaned before it is cut: a part of a secret is one too.
func (c *Cloud) refusal(err error) (int, neutronError) {
	status, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	if !ok {
		return 0, neutronError{}
	}
	var body struct {
		NeutronError neutronError `json:"NeutronError"`
	}
	if json.Unmarshal(status.Body, &body) != nil || body.NeutronError.Type == "" && body.NeutronError.Message == "" {
		// A proxy's page, or a service's message in a shape of its own.
		return status.Actual, neutronError{Message: short(c.clean(string(status.Body)))}
	}
	body.NeutronError.Message = finding.Printable(c.clean(body.NeutronError.Message))
	return status.Actual, body.NeutronError
}

// short is the beginning of s on one line.
func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "..."
	}
	return finding.Printable(s)
}

// explain says what a person can do about err, which came of doing what on a port.
func (c *Cloud) explain(err error, doing string) error {
	if err == nil {
		return nil
	}
	status, refused := c.refusal(err)
	text := c.advice(status, refused)
	if text == "" {
		text = c.trouble(err, status, refused)
	}
	return &finding.ExplainedError{Text: c.clean(doing + ": " + text), Cause: err}
}

// advice is for the refusals that Neutron explains; empty for the others.
func (c *Cloud) advice(status int, refused neutronError) string {
	switch {
	case refused.Type == "DuplicateAddressPairInRequest":
		return "Neutron finds a pair twice (" + refused.Message + "): a pair without a MAC stands for the port's own; take one of the two out"
	case refused.Type == "AllowedAddressPairExhausted":
		return "the port has as many pairs as this cloud allows (" + refused.Message + "): remove a stale one with --prune, or have max_allowed_address_pair raised in neutron.conf"
	case refused.Type == "AddressPairAndPortSecurityRequired":
		return "the port has no port security, so it takes no pairs and needs none (" + refused.Message + ")"
	case refused.Type == "PolicyNotAuthorized", status == http.StatusForbidden:
		return fmt.Sprintf("user %s of project %s may not do that (%s): Neutron's policy lets an administrator or the owner of the port's network change pairs; owning the port is not enough. Have them run the command that -o commands prints", c.user, c.project, refused.Message)
	case refused.Type == "PortNotFound", status == http.StatusNotFound:
		return fmt.Sprintf("it does not exist, or belongs to another project than %s (%s)", c.project, refused.Message)
	case refused.Type == "IpAddressAlreadyAllocated", refused.Type == "IpAddressInUse":
		return "another port holds the address (" + refused.Message + ")"
	case refused.Type == "OverQuota":
		return "the quota of project " + c.project.String() + " allows no further port (" + refused.Message + ")"
	case status == http.StatusBadRequest:
		return "Neutron refuses the value (" + refused.Message + "): correct the router's address or MAC"
	case status == http.StatusPreconditionFailed:
		return "others change the port all the time, so no write came through: run the command again"
	default:
		return ""
	}
}

// trouble is for what is no refusal of Neutron's.
func (c *Cloud) trouble(err error, status int, refused neutronError) string {
	_, unrenewed := errors.AsType[*gophercloud.ErrUnableToReauthenticate](err)
	switch {
	case unrenewed:
		return fmt.Sprintf("the token ended and Keystone at %s gives no new one: check the credentials of cloud %s", c.identity, c.name)
	case status == http.StatusUnauthorized:
		return fmt.Sprintf("Neutron does not accept the token of cloud %s, not even a new one: check the credentials, and whether the cloud's Neutron and Keystone belong together", c.name)
	case status == http.StatusRequestURITooLong:
		return "the request is too long for the cloud's web server: report this as a fault of the program"
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		return fmt.Sprintf("the cloud is busy or in trouble (%d %s): run the command again a little later", status, refused.Message)
	case status != 0:
		return fmt.Sprintf("unexpected answer %d: %s", status, refused.Message)
	case unreached(err):
		return "the cloud cannot be reached: " + c.lost(err)
	default:
		return c.lost(err)
	}
}

// lost is err in short, without the query that was sent: in that of a list there is no room for what went wrong.
func (c *Cloud) lost(err error) string {
	if sent, ok := errors.AsType[*url.Error](err); ok {
		return short(c.clean(fmt.Sprintf("%s %s: %s", sent.Op, withoutUser(sent.URL), sent.Err)))
	}
	return short(c.clean(err.Error()))
}

// explainLogin is for the first token.
func (c *Cloud) explainLogin(err error) error {
	doing := "logging in to cloud " + c.name + " at " + c.identity
	status, refused := c.refusal(err)
	text := doing + ": " + c.trouble(err, status, refused)
	switch status {
	case 0:
		return c.explain(err, doing)
	case http.StatusUnauthorized:
		text = fmt.Sprintf("Keystone at %s does not accept the credentials of cloud %s: check user, password or application credential, project and domains", c.identity, c.name)
		err = errors.Join(platform.ErrCredentials, err)
	case http.StatusNotFound, http.StatusMultipleChoices:
		text = fmt.Sprintf("there is no Keystone at %s, the auth_url of cloud %s (%d %s): it mostly ends in /v3", c.identity, c.name, status, refused.Message)
	}
	return &finding.ExplainedError{Text: c.clean(text), Cause: err}
}

// explainEndpoint is for a catalogue without a Neutron.
func (c *Cloud) explainEndpoint(err error) error {
	if _, ok := errors.AsType[*gophercloud.ErrEndpointNotFound](err); ok {
		where := "in its catalogue"
		if c.region != "" {
			where = "in region " + c.region
		}
		return &finding.ExplainedError{Text: fmt.Sprintf("cloud %s has no Neutron %s: check region_name and interface in clouds.yaml", c.name, where), Cause: err}
	}
	return c.explain(err, "looking for the Neutron of cloud "+c.name)
}
