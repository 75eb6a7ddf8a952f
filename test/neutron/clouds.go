package neutron

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/config"
	"github.com/gophercloud/gophercloud/v2/openstack/config/clouds"
	"sigs.k8s.io/yaml"
)

// region is the one that all endpoints of our own Keystone are in.
const region = "RegionOne"

// cloudNames are the entries of the clouds.yaml that Start writes.
func cloudNames() Clouds {
	return Clouds{Admin: "admin", Owner: "k8s", OwnerAppCred: "k8s-appcred", Reader: "k8s-reader", Other: "other"}
}

// cloudsFile is a clouds.yaml.
type cloudsFile struct {
	Clouds map[string]cloudEntry `json:"clouds"`
}

type cloudEntry struct {
	Region   string    `json:"region_name"`
	AuthType string    `json:"auth_type,omitempty"`
	Version  int       `json:"identity_api_version"`
	Auth     cloudAuth `json:"auth"`
}

type cloudAuth struct {
	URL           string `json:"auth_url"`
	User          string `json:"username,omitempty"`
	Password      string `json:"password,omitempty"`
	Project       string `json:"project_name,omitempty"`
	UserDomain    string `json:"user_domain_id,omitempty"`
	ProjectDomain string `json:"project_domain_id,omitempty"`
	AppCredID     string `json:"application_credential_id,omitempty"`
	AppCredSecret string `json:"application_credential_secret,omitempty"`
}

// passwordCloud is the entry of a user with a password.
func (s settings) passwordCloud(user, project string) cloudEntry {
	return cloudEntry{Region: region, Version: 3, Auth: cloudAuth{
		URL: s.keystoneURL(), User: user, Password: s.Password, Project: project,
		UserDomain: defaultDomain, ProjectDomain: defaultDomain,
	}}
}

// appCredCloud is the entry of an application credential.
func (s settings) appCredCloud(id, secret string) cloudEntry {
	return cloudEntry{Region: region, Version: 3, AuthType: "v3applicationcredential", Auth: cloudAuth{
		URL: s.keystoneURL(), AppCredID: id, AppCredSecret: secret,
	}}
}

func (f cloudsFile) write(path string) error {
	content, err := yaml.Marshal(f)
	if err != nil {
		return fmt.Errorf("writing clouds.yaml: %w", err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return fmt.Errorf("writing clouds.yaml: %w", err)
	}
	return nil
}

// login gets a token with the rights of one of the Clouds.
func (n *Neutron) login(ctx context.Context, cloud string) (*gophercloud.ProviderClient, gophercloud.EndpointOpts, error) {
	options := []clouds.ParseOption{clouds.WithCloudName(cloud)}
	if n.CloudsFile != "" {
		options = append(options, clouds.WithLocations(n.CloudsFile))
	}
	auth, endpoint, tls, err := clouds.Parse(options...)
	if err != nil {
		return nil, endpoint, fmt.Errorf("reading cloud %s: %w", cloud, err)
	}
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, endpoint, fmt.Errorf("the default transport is a %T: it must be net/http's own", http.DefaultTransport)
	}
	transport = transport.Clone()
	transport.TLSClientConfig = tls
	transport.MaxIdleConnsPerHost = 32 // else tests with several writers spend their time on connecting
	client := http.Client{Transport: transport, Timeout: 5 * time.Minute}
	provider, err := config.NewProviderClient(ctx, auth, config.WithHTTPClient(client))
	if err != nil {
		return nil, endpoint, fmt.Errorf("logging in to cloud %s: %w", cloud, err)
	}
	return provider, endpoint, nil
}

func networkClient(provider *gophercloud.ProviderClient, endpoint gophercloud.EndpointOpts) (*gophercloud.ServiceClient, error) {
	client, err := openstack.NewNetworkV2(provider, endpoint)
	if err != nil {
		return nil, fmt.Errorf("looking for Neutron in Keystone's catalogue: %w", err)
	}
	return client, nil
}
