package vsphere

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25/soap"
)

// errNoVCenter is the error where no vCenter is named.
var errNoVCenter = errors.New("no vCenter is named: set GOVC_URL, or give --vsphere-url")

// Secret is text that no log, error or JSON shows.
type Secret string

// Format writes stars, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// MarshalText writes stars.
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Credentials are how one vCenter is reached, in the terms of govc.
type Credentials struct {
	// URL is a host, host:port or URL, without user and password.
	URL      string
	Username string
	Password Secret
	// CACerts is a list of PEM files, split as PATH is; empty for the system's own.
	CACerts string
	// knownHosts is a list of files of certificate thumbprints.
	knownHosts string
	// insecure leaves the certificate unverified.
	insecure bool
	// PersistSession keeps the session in a file that govc shares, instead of logging out.
	PersistSession bool
	// sessionDir is where that file is; empty is govc's own place.
	sessionDir string
}

// CredentialsFromEnv reads govc's variables: one vCenter. getenv may answer for a flag that takes a
// variable's place. The user name and the password may each be a file that holds it.
func CredentialsFromEnv(getenv func(string) string) ([]Credentials, error) {
	c, err := BaseFromEnv(getenv)
	if err != nil {
		return nil, err
	}
	if c.URL == "" {
		return nil, errNoVCenter
	}
	return []Credentials{c}, nil
}

// BaseFromEnv is CredentialsFromEnv where GOVC_URL may be unset, as when a Secret names the vCenters.
func BaseFromEnv(getenv func(string) string) (Credentials, error) {
	c := Credentials{
		CACerts:        getenv("GOVC_TLS_CA_CERTS"),
		knownHosts:     getenv("GOVC_TLS_KNOWN_HOSTS"),
		insecure:       truth(getenv("GOVC_INSECURE"), false),
		PersistSession: truth(getenv("GOVC_PERSIST_SESSION"), true),
	}
	if home := getenv("GOVMOMI_HOME"); home != "" {
		c.sessionDir = filepath.Join(home, "sessions")
	}
	if err := c.locate(getenv("GOVC_URL")); err != nil {
		return Credentials{}, err
	}
	for name, into := range map[string]*string{"GOVC_USERNAME": &c.Username, "GOVC_PASSWORD": (*string)(&c.Password)} {
		value, err := session.Secret(getenv(name))
		if err != nil {
			return Credentials{}, errors.New(name + " names a file that may not be read")
		}
		*into = cmp.Or(value, *into)
	}
	return c, nil
}

// truth reads a variable as govc does: 1 and true, 0 and false, in any case; all else is the default.
func truth(value string, unset bool) bool {
	switch strings.ToLower(value) {
	case "1", "true":
		return true
	case "0", "false":
		return false
	default:
		return unset
	}
}

// locate takes user and password out of address.
func (c *Credentials) locate(address string) error {
	u, err := parseURL(address)
	if err != nil || u == nil {
		return err
	}
	c.Username = u.User.Username()
	password, _ := u.User.Password()
	c.Password = Secret(password)
	c.URL = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	return nil
}

// parseURL reads a host, host:port or URL; nil for none. Its error does not repeat the address, which may hold
// a password.
func parseURL(address string) (*url.URL, error) {
	u, err := soap.ParseURL(address)
	if err != nil || u != nil && u.Host == "" {
		return nil, errors.New("invalid GOVC_URL (--vsphere-url): write it as vcenter.example.com or https://vcenter.example.com/sdk")
	}
	return u, nil
}

// CredentialsFromSecret reads OpenShift's kube-system/vsphere-creds: the keys <vcenter>.username and
// <vcenter>.password, for each vCenter. All else is as in base. The result is sorted by vCenter.
func CredentialsFromSecret(data map[string][]byte, base Credentials) ([]Credentials, error) {
	var out []Credentials
	for _, key := range slices.Sorted(maps.Keys(data)) {
		server, isUser := strings.CutSuffix(key, ".username")
		if !isUser {
			server, isPassword := strings.CutSuffix(key, ".password")
			if _, both := data[server+".username"]; isPassword && !both {
				return nil, fmt.Errorf("the vSphere secret has %s and no %s.username", key, server)
			}
			continue
		}
		password, both := data[server+".password"]
		if !both {
			return nil, fmt.Errorf("the vSphere secret has %s and no %s.password", key, server)
		}
		c := base
		if err := c.locate(server); err != nil {
			return nil, fmt.Errorf("the vSphere secret's key %s names no vCenter", key)
		}
		c.Username, c.Password = strings.TrimSpace(string(data[key])), Secret(strings.TrimSpace(string(password)))
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, errors.New("the vSphere secret has no key <vcenter>.username")
	}
	return out, nil
}
