package neutron

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
)

// TestConnect logs in as each cloud with gophercloud: three requests until the first list.
func TestConnect(t *testing.T) {
	s := start(t, Options{Ports: 1})
	for cloud, want := range map[string]int{"admin": 2, "k8s": 2, "k8s-reader": 2, "k8s-appcred": 2, "other": 0} {
		s.ResetRequests()
		client := connect(t, s, cloud)
		if got := client.Endpoint; got != s.NetworkURL()+"/" {
			t.Errorf("%s: the catalog leads to %s, want %s", cloud, got, s.NetworkURL())
		}
		pages, err := ports.List(client, ports.ListOpts{}).AllPages(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, err := ports.ExtractPorts(pages)
		if err != nil || len(got) != want {
			t.Errorf("%s sees %d ports (%v), want %d", cloud, len(got), err, want)
		}
		counts := map[string]int{"POST /v3/auth/tokens": 1, "GET /": 1, "GET /v2.0/ports": 1}
		if got := s.Counts(); !reflect.DeepEqual(got, counts) {
			t.Errorf("%s sent %v, want %v", cloud, got, counts)
		}
		if last := s.Requests()[2]; last.Cloud != cloud {
			t.Errorf("the list is noted as of %q, want %q", last.Cloud, cloud)
		}
	}
}

// TestToken is what a token says of whom it was given to.
func TestToken(t *testing.T) {
	s := start(t, Options{})
	for cloud, want := range map[string][]string{
		"k8s": {"k8s", "k8s", "member reader"}, "k8s-reader": {"k8s-reader", "k8s", "reader"}, "admin": {"admin", "admin", "admin member reader"},
		"k8s-appcred": {"k8s", "k8s", "member reader"},
	} {
		result, ok := connect(t, s, cloud).GetAuthResult().(tokens.CreateResult)
		if !ok {
			t.Fatalf("%s: no result of Keystone v3", cloud)
		}
		user, err := result.ExtractUser()
		if err != nil {
			t.Fatal(err)
		}
		project, err := result.ExtractProject()
		if err != nil {
			t.Fatal(err)
		}
		roles, err := result.ExtractRoles()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, role := range roles {
			names = append(names, role.Name)
		}
		if got := []string{user.Name, project.Name, strings.Join(names, " ")}; !reflect.DeepEqual(got, want) || project.ID != s.Seed().Projects[want[1]] {
			t.Errorf("%s: got %v in project %s, want %v", cloud, got, project.ID, want)
		}
	}
}

// TestRefusedTokens asks for tokens in vain; the answers are Keystone's, without a hint of what was wrong.
func TestRefusedTokens(t *testing.T) {
	s := start(t, Options{})
	k8s := s.users[1]
	password := func(name, password, project string) string {
		out, err := json.Marshal(map[string]any{"auth": map[string]any{
			"identity": map[string]any{"methods": []string{"password"}, "password": map[string]any{"user": map[string]any{
				"name": name, "password": password, "domain": map[string]any{"id": "default"},
			}}},
			"scope": map[string]any{"project": map[string]any{"name": project, "domain": map[string]any{"name": "Default"}}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	credential := func(secret, scope string) string {
		return `{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":"` + k8s.credential.id + `","secret":"` + secret + `"}}` + scope + `}}`
	}
	for _, test := range []struct {
		name, body string
		status     int
		message    string
	}{
		{"as it should be", password("k8s", k8s.password, "k8s"), 201, ""},
		{"a wrong password", password("k8s", "x", "k8s"), 401, unauthenticated},
		{"nobody", password("nobody", k8s.password, "k8s"), 401, unauthenticated},
		{"a project of others", password("k8s", k8s.password, "other"), 401, unauthenticated},
		{"a credential", credential(k8s.credential.secret, ""), 201, ""},
		{"a wrong secret", credential("x", ""), 401, unauthenticated},
		{"a credential that is none", strings.Replace(credential("x", ""), k8s.credential.id, "none", 1), 404, "Could not find Application Credential: none."},
		{"a credential by its name", `{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"name":"kubectl-egress","secret":"` +
			k8s.credential.secret + `","user":{"name":"k8s","domain":{"id":"default"}}}}}}`, 201, ""},
		{"a credential with a scope", credential(k8s.credential.secret, `,"scope":{"project":{"name":"k8s"}}`), 401,
			"Error authenticating with application credential: Application credentials cannot request a scope."},
		{"nothing", `{}`, 400, "Expecting to find auth in request body. The server could not comply with the request since it is either " +
			"malformed or otherwise incorrect. The client is assumed to be in error."},
	} {
		got := sendTo(t, s.IdentityURL()+"/auth/tokens", http.MethodPost, test.body)
		var body struct{ Error struct{ Message string } }
		got.into(t, &body)
		if got.status != test.status || body.Error.Message != test.message || (got.header.Get("X-Subject-Token") != "") != (test.status == 201) {
			t.Errorf("%s: got %d %s, want %d %s", test.name, got.status, got.body, test.status, test.message)
		}
	}
}

// TestBadToken is Neutron's answer to a token that does not hold: Keystone's body.
func TestBadToken(t *testing.T) {
	s := start(t, Options{Ports: 1})
	want := `{"error":{"code":401,"message":"` + unauthenticated + `","title":"Unauthorized"}}`
	old, err := s.Token("k8s")
	if err != nil {
		t.Fatal(err)
	}
	s.ExpireTokens()
	for _, headers := range [][]string{nil, {"X-Auth-Token", "nonsense"}, {"X-Auth-Token", old}} {
		got := sendTo(t, s.NetworkURL()+"/v2.0/ports", http.MethodGet, "", headers...)
		realm := `Keystone uri="` + strings.TrimSuffix(s.IdentityURL(), "/v3") + `"`
		if got.status != http.StatusUnauthorized || got.body != want || got.header.Get("WWW-Authenticate") != realm {
			t.Errorf("got %v, want 401 %s", got, want)
		}
	}
}

// TestExpiry ends a token in the middle: gophercloud asks for a new one, and once.
func TestExpiry(t *testing.T) {
	s := start(t, Options{Ports: 1})
	client := connect(t, s, "k8s")
	s.ResetRequests()
	s.ExpireTokens()
	if _, err := ports.Get(t.Context(), client, s.Seed().Nodes[0].PortID).Extract(); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"GET /v2.0/ports/{id}": 2, "POST /v3/auth/tokens": 1}
	if got := s.Counts(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestDocuments are the version documents, the catalog and projects.
func TestDocuments(t *testing.T) {
	s := start(t, Options{})
	keystone := strings.TrimSuffix(s.IdentityURL(), "/v3")
	token, err := s.Token("k8s")
	if err != nil {
		t.Fatal(err)
	}
	projects := s.IdentityURL() + "/projects/"
	for _, test := range []struct {
		url    string
		status int
		part   string
	}{
		{keystone + "/", 300, `"href":"` + s.IdentityURL() + `/"`},
		{s.IdentityURL(), 200, `{"version":{"id":"v3.14"`},
		{s.IdentityURL() + "/auth/catalog", 200, `"url":"` + s.NetworkURL() + `"`},
		{s.IdentityURL() + "/auth/projects", 200, `"name":"k8s"`},
		{projects + s.Seed().Projects["k8s"], 200, `"name":"k8s"`},
		{projects + s.Seed().Projects["other"], 403, "identity:get_project"},
		{s.IdentityURL() + "/nope", 404, "<title>404 Not Found</title>"},
		{s.NetworkURL() + "/", 200, `{"versions":[{"id":"v2.0"`},
		{s.NetworkURL() + "/v2.0/", 200, `"collection":"ports"`},
		{s.NetworkURL() + "/v2.0/nope", 404, `"type":"HTTPNotFound"`},
		{s.NetworkURL() + "/nope", 404, "<title>404 Not Found</title>"},
		{s.NetworkURL() + "/v2.0/ports/", 200, `{"ports":[`},
	} {
		got := sendTo(t, test.url, http.MethodGet, "", "X-Auth-Token", token)
		if got.status != test.status || !strings.Contains(got.body, test.part) {
			t.Errorf("%s: got %d %s, want %d with %s", test.url, got.status, got.body, test.status, test.part)
		}
	}
}

// TestSecrets names every secret: those of the clouds, and the tokens that hold or held.
func TestSecrets(t *testing.T) {
	s := start(t, Options{})
	token, err := s.Token("k8s")
	if err != nil {
		t.Fatal(err)
	}
	s.ExpireTokens()
	if _, err := s.Token("nobody"); err == nil || !strings.Contains(err.Error(), `no cloud "nobody"`) {
		t.Error(err)
	}
	got := strings.Join(s.Secrets(), " ")
	for _, secret := range []string{token, s.users[0].password, s.users[3].password, s.users[1].credential.secret} {
		if !strings.Contains(got, secret) {
			t.Errorf("%s is missing in %s", secret, got)
		}
	}
	if len(s.Secrets()) != 6 {
		t.Errorf("want 4 passwords, a secret and a token, got %d", len(s.Secrets()))
	}
}
