package openstack

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/config/clouds"
	"sigs.k8s.io/yaml"
)

// Credentials say which cloud, and as whom. The zero value takes what OpenStack's own client would: OS_CLOUD with
// clouds.yaml and secure.yaml, or the variables OS_* alone.
type Credentials struct {
	// Cloud is the entry of clouds.yaml; empty: OS_CLOUD.
	Cloud string
	// CloudsYAML is a clouds.yaml that was read elsewhere, such as OpenShift's secret kube-system/openstack-credentials.
	// With it neither files nor OS_* variables are heard.
	CloudsYAML []byte
	// CACert is the PEM bundle that goes with CloudsYAML, whose own path is one inside the cluster.
	CACert []byte
	// UserAgent is put before gophercloud's.
	UserAgent string
	// RequestTimeout is for one request; 0: a minute.
	RequestTimeout time.Duration
	// Log hears of every request: method, path and status, never a header or a body. It may be nil.
	Log func(format string, args ...any)
}

// login is what the sources of credentials come to.
type login struct {
	name     string
	auth     gophercloud.AuthOptions
	endpoint gophercloud.EndpointOpts
	tls      *tls.Config
}

// login reads the credentials from where c says.
func (c Credentials) login() (login, error) {
	name, options, err := c.source()
	if err != nil {
		return login{}, err
	}
	auth, endpoint, tlsConfig, err := clouds.Parse(options...)
	if err != nil {
		return login{}, invalid("reading the credentials of cloud %s: %s", name, err)
	}
	if auth.IdentityEndpoint == "" {
		return login{}, invalid("cloud %s has no auth_url: add it to clouds.yaml, or set OS_AUTH_URL", name)
	}
	if auth.Password == "" && auth.ApplicationCredentialSecret == "" && auth.TokenID == "" && c.CloudsYAML == nil {
		auth.Password = os.Getenv("OS_PASSWORD")
	}
	// A token cannot be renewed with itself.
	auth.AllowReauth = auth.TokenID == ""
	if len(c.CACert) > 0 {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(bytes.TrimSpace(c.CACert)) {
			return login{}, invalid("the CA bundle of cloud %s holds no certificate in PEM", name)
		}
		tlsConfig.RootCAs = pool
	}
	return login{name: name, auth: auth, endpoint: endpoint, tls: tlsConfig}, nil
}

// source says where clouds.Parse shall look, and under what name.
func (c Credentials) source() (string, []clouds.ParseOption, error) {
	switch {
	case c.CloudsYAML != nil:
		content, err := withoutMissingCA(c.CloudsYAML)
		if err != nil {
			return "", nil, err
		}
		name := cmp.Or(c.Cloud, "openstack")
		return name, []clouds.ParseOption{clouds.WithCloudName(name), clouds.WithCloudsYAML(bytes.NewReader(content)),
			clouds.WithRegion(""), clouds.WithEndpointType("")}, nil
	case c.Cloud != "":
		return c.Cloud, []clouds.ParseOption{clouds.WithCloudName(c.Cloud)}, nil
	case os.Getenv("OS_CLOUD") != "":
		return os.Getenv("OS_CLOUD"), nil, nil
	case os.Getenv("OS_AUTH_URL") != "":
		content, err := environment()
		return envCloud, []clouds.ParseOption{clouds.WithCloudName(envCloud), clouds.WithCloudsYAML(bytes.NewReader(content))}, err
	default:
		return "", nil, invalid("no cloud is named: say --os-cloud NAME, an entry of clouds.yaml, or set OS_CLOUD or OS_AUTH_URL and what goes with it")
	}
}

// envCloud is what OpenStack's own client calls the cloud that the environment describes.
const envCloud = "envvars"

// environment is the variables OS_* as a clouds.yaml: so they mean what they mean in one, domains of user and
// project told apart, which gophercloud's own reader of the environment does not.
func environment() ([]byte, error) {
	first := func(names ...string) string {
		for _, name := range names {
			if value := os.Getenv(name); value != "" {
				return value
			}
		}
		return ""
	}
	cloud := clouds.Cloud{
		RegionName: first("OS_REGION_NAME"),
		Interface:  first("OS_INTERFACE", "OS_ENDPOINT_TYPE"),
		AuthInfo: &clouds.AuthInfo{
			AuthURL:                     first("OS_AUTH_URL"),
			Token:                       first("OS_TOKEN", "OS_AUTH_TOKEN"),
			Username:                    first("OS_USERNAME"),
			UserID:                      first("OS_USER_ID", "OS_USERID"),
			Password:                    first("OS_PASSWORD"),
			ApplicationCredentialID:     first("OS_APPLICATION_CREDENTIAL_ID"),
			ApplicationCredentialName:   first("OS_APPLICATION_CREDENTIAL_NAME"),
			ApplicationCredentialSecret: first("OS_APPLICATION_CREDENTIAL_SECRET"),
			SystemScope:                 first("OS_SYSTEM_SCOPE"),
			ProjectID:                   first("OS_PROJECT_ID", "OS_TENANT_ID"),
			ProjectName:                 first("OS_PROJECT_NAME", "OS_TENANT_NAME"),
			UserDomainName:              first("OS_USER_DOMAIN_NAME"),
			UserDomainID:                first("OS_USER_DOMAIN_ID"),
			ProjectDomainName:           first("OS_PROJECT_DOMAIN_NAME"),
			ProjectDomainID:             first("OS_PROJECT_DOMAIN_ID"),
			DomainName:                  first("OS_DOMAIN_NAME"),
			DomainID:                    first("OS_DOMAIN_ID"),
		},
	}
	switch strings.ToLower(os.Getenv("OS_INSECURE")) {
	case "1", "true", "yes":
		verify := false
		cloud.Verify = &verify
	}
	return yaml.Marshal(clouds.Clouds{Clouds: map[string]clouds.Cloud{envCloud: cloud}})
}

// withoutMissingCA takes the path of the CA out of every cloud where no such file is: in OpenShift's secret it is a
// path on the cluster's own machines. The certificate is verified all the same.
func withoutMissingCA(content []byte) ([]byte, error) {
	var all clouds.Clouds
	if err := yaml.Unmarshal(content, &all); err != nil {
		return nil, invalid("the clouds.yaml that was given cannot be read: %s", firstLine(err))
	}
	for name, cloud := range all.Clouds {
		if _, err := os.Stat(cloud.CACertFile); errors.Is(err, fs.ErrNotExist) {
			cloud.CACertFile = ""
			all.Clouds[name] = cloud
		}
	}
	return yaml.Marshal(all)
}

// firstLine is err without what a parser quotes of its input.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
