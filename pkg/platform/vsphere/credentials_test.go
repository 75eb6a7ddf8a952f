package vsphere

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

// shown is a credential with its password in sight, which its own printing hides.
func shown(cs []Credentials) []string {
	var out []string
	for _, c := range cs {
		out = append(out, fmt.Sprintf("%s %s %s ca=%s known=%s insecure=%t persist=%t dir=%s",
			c.URL, c.Username, string(c.Password), c.CACerts, c.knownHosts, c.insecure, c.PersistSession, c.sessionDir))
	}
	return out
}

func TestCredentialsFromEnv(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(file, []byte("from a file\n"), 0o600))
	for _, test := range []struct {
		env  map[string]string
		want string
	}{
		{
			map[string]string{"GOVC_URL": "vc.example.com", "GOVC_USERNAME": "u", "GOVC_PASSWORD": "p"},
			"https://vc.example.com/sdk u p ca= known= insecure=false persist=true dir=",
		},
		{
			map[string]string{"GOVC_URL": "https://a:b%21@vc.example.com:8443/sdk", "GOVC_INSECURE": "TRUE", "GOVC_PERSIST_SESSION": "0"},
			"https://vc.example.com:8443/sdk a b! ca= known= insecure=true persist=false dir=",
		},
		{
			map[string]string{"GOVC_URL": "a:b@vc", "GOVC_USERNAME": "u", "GOVC_PASSWORD": file, "GOVC_TLS_CA_CERTS": "ca.pem", "GOVC_TLS_KNOWN_HOSTS": "known"},
			"https://vc/sdk u from a file ca=ca.pem known=known insecure=false persist=true dir=",
		},
		{
			map[string]string{"GOVC_URL": "vc/", "GOVC_INSECURE": "yes", "GOVC_PERSIST_SESSION": "no", "GOVMOMI_HOME": "/home/x/.govmomi"},
			"https://vc/sdk   ca= known= insecure=false persist=true dir=/home/x/.govmomi/sessions",
		},
	} {
		got, err := CredentialsFromEnv(env(test.env))
		must(t, err)
		if want := []string{test.want}; !reflect.DeepEqual(shown(got), want) {
			t.Errorf("%v: got %q, want %q", test.env, shown(got), want)
		}
	}
}

func TestCredentialsFromEnvErrors(t *testing.T) {
	if _, err := CredentialsFromEnv(env(nil)); !errors.Is(err, errNoVCenter) {
		t.Errorf("got %v", err)
	}
	for _, url := range []string{"https://u:hunter2@vc:port/sdk", "https://u:hunter 2%zz@vc", "https://"} {
		_, err := CredentialsFromEnv(env(map[string]string{"GOVC_URL": url}))
		if err == nil || strings.Contains(err.Error(), "hunter") || !strings.Contains(err.Error(), "invalid GOVC_URL (--vsphere-url)") {
			t.Errorf("%s: got %v", url, err)
		}
	}
}

func TestCredentialsFromSecret(t *testing.T) {
	base := Credentials{URL: "https://ignored/sdk", CACerts: "ca.pem", PersistSession: true}
	got, err := CredentialsFromSecret(map[string][]byte{
		"vc-2.example.com.username": []byte("two@vsphere.local\n"), "vc-2.example.com.password": []byte("second"),
		"vc-1.example.com.username": []byte("one@vsphere.local"), "vc-1.example.com.password": []byte("first"),
	}, base)
	must(t, err)
	want := []string{
		"https://vc-1.example.com/sdk one@vsphere.local first ca=ca.pem known= insecure=false persist=true dir=",
		"https://vc-2.example.com/sdk two@vsphere.local second ca=ca.pem known= insecure=false persist=true dir=",
	}
	if !reflect.DeepEqual(shown(got), want) {
		t.Errorf("got %q, want %q", shown(got), want)
	}
	for want, data := range map[string]map[string][]byte{
		"the vSphere secret has vc.username and no vc.password": {"vc.username": []byte("u")},
		"the vSphere secret has vc.password and no vc.username": {"vc.password": []byte("p")},
		"the vSphere secret has no key <vcenter>.username":      {"other": []byte("x")},
	} {
		if _, err := CredentialsFromSecret(data, base); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	one := Credentials{URL: "vc.example.com"}
	for want, test := range map[string]struct {
		creds   []Credentials
		options Options
	}{
		errNoVCenter.Error():                            {nil, Options{}},
		"--require=all is neither minimal nor docs":     {[]Credentials{one}, Options{Require: "all"}},
		"--scope=host is neither portgroup nor vswitch": {[]Credentials{one}, Options{Scope: "host"}},
		"vCenter vc.example.com is named twice":         {[]Credentials{one, {URL: "https://vc.example.com:443/sdk"}}, Options{}},
		"--use-mac-learning does not give what --require=docs asks for: leave one of them out": {
			[]Credentials{one}, Options{Require: RequireDocs, UseMACLearning: true},
		},
	} {
		if _, err := New(test.creds, test.options); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
