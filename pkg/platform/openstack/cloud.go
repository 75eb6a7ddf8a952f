package openstack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// Cloud is a cloud that has accepted the credentials.
type Cloud struct {
	network *gophercloud.ServiceClient
	// wire is the transport under network.
	wire *wire
	name string
	// identity is Keystone's address, without anything secret.
	identity string
	region   string
	user     named
	project  named
	// admin tells that the token has the role of that name: the policy's other way to change pairs.
	admin bool
	// secrets are what no text may hold.
	secrets []string
}

// named is a thing of the cloud's. Its name may be any text.
type named struct {
	ID   string
	Name string
}

func (n named) String() string {
	if n.Name == "" {
		return n.ID
	}
	return fmt.Sprintf("%s (%s)", finding.Printable(n.Name), n.ID)
}

// Connect authenticates, in three requests: Keystone's version (not where auth_url names one), a token, Neutron's version.
func Connect(ctx context.Context, c Credentials) (*Cloud, error) {
	in, err := c.login()
	if err != nil {
		return nil, err
	}
	cloud := &Cloud{
		name:     in.name,
		identity: withoutUser(in.auth.IdentityEndpoint),
		region:   in.endpoint.Region,
		secrets:  []string{in.auth.Password, in.auth.ApplicationCredentialSecret, in.auth.TokenID},
	}
	provider, err := openstack.NewClient(in.auth.IdentityEndpoint)
	if err != nil {
		return nil, invalid("invalid auth_url %s of cloud %s: %s", cloud.identity, cloud.name, cloud.clean(err.Error()))
	}
	cloud.wire = newWire(in.tls, c, cloud.clean)
	// The transport is set here and not by config.NewProviderClient, whose WithTLSConfig would replace it.
	provider.HTTPClient = http.Client{Transport: cloud.wire, CheckRedirect: sameHost}
	if c.UserAgent != "" {
		provider.UserAgent.Prepend(c.UserAgent)
	}
	if err := openstack.Authenticate(ctx, provider, in.auth); err != nil {
		return nil, cloud.explainLogin(err)
	}
	if err := cloud.read(ctx, provider); err != nil {
		return nil, err
	}
	network, err := openstack.NewNetworkV2(provider, in.endpoint)
	if err != nil {
		return nil, cloud.explainEndpoint(err)
	}
	cloud.network = network
	return cloud, nil
}

// read takes from the token who it is for, and has Neutron looked up in its catalogue under ctx.
func (c *Cloud) read(ctx context.Context, provider *gophercloud.ProviderClient) error {
	result, ok := provider.GetAuthResult().(interface {
		ExtractInto(token any) error
		ExtractServiceCatalog() (*tokens.ServiceCatalog, error)
	})
	if !ok {
		return fmt.Errorf("cloud %s at %s does not speak Keystone's version 3, which this tool needs", c.name, c.identity)
	}
	var token struct {
		tokens.ServiceCatalog
		User    named
		Project *named
		Roles   []named
	}
	if err := result.ExtractInto(&token); err != nil {
		return fmt.Errorf("reading the token of cloud %s: %w", c.name, err)
	}
	if token.Project == nil {
		return invalid("the token of cloud %s is for no project: name one with project_name or project_id in clouds.yaml, or OS_PROJECT_NAME", c.name)
	}
	c.user, c.project = token.User, *token.Project
	c.admin = slices.ContainsFunc(token.Roles, func(role named) bool { return strings.EqualFold(role.Name, "admin") })
	provider.EndpointLocator = func(o gophercloud.EndpointOpts) (string, error) {
		return openstack.V3Endpoint(ctx, provider, &token.ServiceCatalog, o)
	}
	return nil
}

// Where says who works where, in a line without a secret.
func (c *Cloud) Where() string {
	where := fmt.Sprintf("cloud %s (%s), project %s, user %s", c.name, c.identity, c.project, c.user)
	if c.region != "" {
		where += ", region " + c.region
	}
	return where
}

// clean is s without any secret: a server may answer with what it was sent.
func (c *Cloud) clean(s string) string {
	secrets := c.secrets
	if c.network != nil {
		secrets = append(secrets[:len(secrets):len(secrets)], c.network.Token())
	}
	for _, secret := range secrets {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, "***")
		}
	}
	return s
}

// withoutUser is an address without a user and a password in it.
func withoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address that cannot be read"
	}
	u.User = nil
	u.RawQuery = ""
	return u.String()
}

// sameHost refuses a redirect to elsewhere: the token would go along.
func sameHost(next *http.Request, past []*http.Request) error {
	from := past[0].URL
	if next.URL.Host != from.Host || next.URL.Scheme != from.Scheme || len(past) > 5 {
		return fmt.Errorf("%s redirects to %s: correct the address in clouds.yaml or in the catalogue", from.Host, next.URL.Host)
	}
	return nil
}
