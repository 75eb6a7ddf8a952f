package openstack

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
)

// entry is a cloud of the fake's clouds.yaml.
func entry(t *testing.T, content []byte, name string) (cloud, auth map[string]any) {
	t.Helper()
	var all map[string]map[string]map[string]any
	if err := yaml.Unmarshal(content, &all); err != nil {
		t.Fatal(err)
	}
	cloud = all["clouds"][name]
	auth, _ = cloud["auth"].(map[string]any)
	return cloud, auth
}

// alone takes OS_* out of the environment and makes an empty folder the place where everything is looked for.
func alone(t *testing.T) string {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "OS_") {
			t.Setenv(name, "")
		}
	}
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	t.Setenv("HOME", dir)
	t.Chdir(dir)
	return dir
}

func writeYAML(t *testing.T, path string, value any) {
	t.Helper()
	content, err := yaml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func where(l *fakeneutron.Server, cloud string) string {
	return fmt.Sprintf("cloud %s (%s), project k8s (%s), user k8s (", cloud, l.IdentityURL(), l.Seed().Projects["k8s"])
}

func TestConnect(t *testing.T) {
	server, err := fakeneutron.Start(fakeneutron.Options{Ports: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	cloud, auth := entry(t, server.CloudsYAML(), "k8s")
	password := fmt.Sprint(auth["password"])
	_, credential := entry(t, server.CloudsYAML(), "k8s-appcred")
	tests := []struct {
		name  string
		setup func(t *testing.T, dir string) Credentials
		cloud string
	}{
		{"--os-cloud and clouds.yaml here", func(t *testing.T, dir string) Credentials {
			_ = os.WriteFile(filepath.Join(dir, "clouds.yaml"), server.CloudsYAML(), 0o600)
			t.Setenv("OS_CLOUD", "other")
			return Credentials{Cloud: "k8s"}
		}, "k8s"},
		{"OS_CLOUD and the user's folder", func(t *testing.T, dir string) Credentials {
			_ = os.Mkdir(filepath.Join(dir, "openstack"), 0o700)
			_ = os.WriteFile(filepath.Join(dir, "openstack", "clouds.yaml"), server.CloudsYAML(), 0o600)
			t.Setenv("OS_CLOUD", "k8s")
			return Credentials{}
		}, "k8s"},
		{"OS_CLIENT_CONFIG_FILE, application credential", func(t *testing.T, dir string) Credentials {
			_ = os.WriteFile(filepath.Join(dir, "mine.yaml"), server.CloudsYAML(), 0o600)
			t.Setenv("OS_CLIENT_CONFIG_FILE", filepath.Join(dir, "mine.yaml"))
			return Credentials{Cloud: "k8s-appcred"}
		}, "k8s-appcred"},
		{"password in secure.yaml", func(t *testing.T, dir string) Credentials {
			open := map[string]any{"auth_url": auth["auth_url"], "username": "k8s", "project_name": "k8s", "user_domain_id": "default", "project_domain_id": "default"}
			writeYAML(t, filepath.Join(dir, "clouds.yaml"), map[string]any{"clouds": map[string]any{"k8s": map[string]any{"auth": open, "region_name": cloud["region_name"]}}})
			writeYAML(t, filepath.Join(dir, "secure.yaml"), map[string]any{"clouds": map[string]any{"k8s": map[string]any{"auth": map[string]any{"password": password}}}})
			return Credentials{Cloud: "k8s"}
		}, "k8s"},
		{"password in the environment", func(t *testing.T, dir string) Credentials {
			open := map[string]any{"auth_url": auth["auth_url"], "username": "k8s", "project_name": "k8s", "user_domain_id": "default", "project_domain_id": "default"}
			writeYAML(t, filepath.Join(dir, "clouds.yaml"), map[string]any{"clouds": map[string]any{"k8s": map[string]any{"auth": open}}})
			t.Setenv("OS_PASSWORD", password)
			return Credentials{Cloud: "k8s"}
		}, "k8s"},
		{"OS_* alone, with domains by name", func(t *testing.T, _ string) Credentials {
			for name, value := range map[string]string{"OS_AUTH_URL": fmt.Sprint(auth["auth_url"]), "OS_USERNAME": "k8s", "OS_PASSWORD": password, "OS_PROJECT_NAME": "k8s",
				"OS_USER_DOMAIN_NAME": "Default", "OS_PROJECT_DOMAIN_ID": "default", "OS_REGION_NAME": "RegionOne", "OS_INTERFACE": "public"} {
				t.Setenv(name, value)
			}
			return Credentials{}
		}, "envvars"},
		{"OS_* alone, application credential", func(t *testing.T, _ string) Credentials {
			t.Setenv("OS_AUTH_URL", fmt.Sprint(auth["auth_url"]))
			t.Setenv("OS_APPLICATION_CREDENTIAL_ID", fmt.Sprint(credential["application_credential_id"]))
			t.Setenv("OS_APPLICATION_CREDENTIAL_SECRET", fmt.Sprint(credential["application_credential_secret"]))
			return Credentials{}
		}, "envvars"},
		{"OpenShift's secret", func(t *testing.T, _ string) Credentials {
			t.Setenv("OS_CLOUD", "other")
			t.Setenv("OS_REGION_NAME", "RegionNine")
			inside := map[string]any{"auth": auth, "region_name": "RegionOne", "cacert": "/etc/kubernetes/static-pod-resources/configmaps/cloud-config/ca-bundle.pem"}
			content, err := yaml.Marshal(map[string]any{"clouds": map[string]any{"openstack": inside}})
			if err != nil {
				t.Fatal(err)
			}
			return Credentials{CloudsYAML: content}
		}, "openstack"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := Connect(t.Context(), test.setup(t, alone(t)))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Where(); !strings.HasPrefix(got, where(server, test.cloud)) {
				t.Errorf("where %q, want %q", got, where(server, test.cloud))
			}
			if _, err := c.port(t.Context(), server.Seed().Nodes[0].PortID); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestConnectRefused(t *testing.T) {
	server, err := fakeneutron.Start(fakeneutron.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	nobody := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(nobody.Close)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	away := httptest.NewServer(http.RedirectHandler(nobody.URL, http.StatusMovedPermanently))
	t.Cleanup(away.Close)
	tests := []struct {
		name   string
		change func(cloud, auth map[string]any)
		want   string
		input  bool
	}{
		{"wrong password", func(_, auth map[string]any) { auth["password"] = "hunter2" }, "does not accept the credentials of cloud k8s", false},
		{"wrong region", func(cloud, _ map[string]any) { cloud["region_name"] = "RegionTwo" }, "cloud k8s has no Neutron in region RegionTwo: check region_name", false},
		{"no Keystone there", func(_, auth map[string]any) { auth["auth_url"] = nobody.URL + "/v3" }, "there is no Keystone at " + nobody.URL + "/v3", false},
		{"nobody there", func(_, auth map[string]any) { auth["auth_url"] = closed.URL + "/v3" }, "the cloud cannot be reached", false},
		{"a redirect to elsewhere", func(_, auth map[string]any) { auth["auth_url"] = away.URL + "/v3" }, "redirects to", false},
		{"no address", func(_, auth map[string]any) { delete(auth, "auth_url") }, "has no auth_url", true},
		{"no project", func(_, auth map[string]any) { delete(auth, "project_name") }, "is for no project", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			alone(t)
			cloud, auth := entry(t, server.CloudsYAML(), "k8s")
			test.change(cloud, auth)
			content, err := yaml.Marshal(map[string]any{"clouds": map[string]any{"k8s": cloud}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = Connect(t.Context(), Credentials{Cloud: "k8s", CloudsYAML: content})
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") || errors.Is(err, ErrInput) != test.input {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if refused := test.name == "wrong password"; errors.Is(err, platform.ErrCredentials) != refused {
				t.Errorf("that the credentials are refused: want %v of %v", refused, err)
			}
		})
	}
	t.Run("no cloud named", func(t *testing.T) {
		alone(t)
		if _, err := Connect(t.Context(), Credentials{}); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), "--os-cloud NAME") {
			t.Error(err)
		}
	})
	t.Run("unknown cloud", func(t *testing.T) {
		alone(t)
		if _, err := Connect(t.Context(), Credentials{Cloud: "nope", CloudsYAML: server.CloudsYAML()}); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), `"nope" not found`) {
			t.Error(err)
		}
	})
}

func TestCertificatesAreVerified(t *testing.T) {
	identity := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnauthorized) }))
	identity.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of the clients that refuse it
	identity.StartTLS()
	t.Cleanup(identity.Close)
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: identity.Certificate().Raw})
	auth := map[string]any{"auth_url": identity.URL + "/v3", "username": "u", "password": "p4ssword", "project_name": "p", "user_domain_id": "default", "project_domain_id": "default"}
	connect := func(cloud map[string]any, ca []byte) error {
		cloud["auth"] = auth
		content, err := yaml.Marshal(map[string]any{"clouds": map[string]any{"openstack": cloud}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = Connect(t.Context(), Credentials{CloudsYAML: content, CACert: ca})
		return err
	}
	alone(t)
	const answered, refused = "does not accept the credentials", "certificate"
	for name, test := range map[string]struct {
		cloud map[string]any
		ca    []byte
		want  string
	}{
		"unknown authority": {map[string]any{}, nil, refused},
		"given bundle":      {map[string]any{}, bundle, answered},
		"verify: false":     {map[string]any{"verify": false}, nil, answered},
		"a CA file that is missing does not turn verification off": {map[string]any{"cacert": "/no/such/file"}, nil, refused},
		"bad bundle": {map[string]any{}, []byte("nonsense"), "holds no certificate"},
	} {
		if err := connect(test.cloud, test.ca); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}
