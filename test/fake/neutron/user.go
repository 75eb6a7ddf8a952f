package neutron

import (
	"fmt"
	"slices"

	"sigs.k8s.io/yaml"
)

// user is who may have a token, and for which project.
type user struct {
	id, name, password string
	project            string // its name
	roles              []string
	// credential is an application credential of the user; its ID is empty where there is none.
	credential credential
}

type credential struct{ id, name, secret string }

// caller is whose token a request has.
type caller struct {
	user      user
	cloud     string // the entry of CloudsYAML
	method    string // password or application_credential
	projectID string // empty for a token without scope
}

func (c *caller) admin() bool { return c.projectID != "" && slices.Contains(c.user.roles, "admin") }

func (c *caller) owns(projectID string) bool {
	return c.projectID != "" && c.projectID == projectID
}

// readsOnly reports whether the caller has no role but reader.
func (c *caller) readsOnly() bool {
	return !slices.ContainsFunc(c.user.roles, func(role string) bool { return role != "reader" })
}

const (
	region       = "RegionOne"
	appCredCloud = "k8s-appcred"
)

// seedIdentity makes projects and users. Passwords are new for each server.
func (s *Server) seedIdentity() {
	s.seed.Projects = map[string]string{}
	for _, name := range []string{"admin", "service", "k8s", "other"} {
		s.seed.Projects[name] = newHex()
	}
	s.users = []user{
		{name: "admin", project: "admin", roles: []string{"admin", "member", "reader"}},
		{name: "k8s", project: "k8s", roles: []string{"member", "reader"}, credential: credential{newHex(), "kubectl-egress", newUUID()}},
		{name: "k8s-reader", project: "k8s", roles: []string{"reader"}},
		{name: "other", project: "other", roles: []string{"member", "reader"}},
	}
	for i := range s.users {
		s.users[i].id, s.users[i].password = newHex(), newUUID()
	}
}

// CloudsYAML is a clouds.yaml with the clouds admin, k8s, k8s-reader (the role reader in the project k8s), other
// (another project) and k8s-appcred (k8s by an application credential).
func (s *Server) CloudsYAML() []byte {
	clouds := map[string]any{}
	for _, u := range s.users {
		clouds[u.name] = s.cloud("password", map[string]any{
			"username": u.name, "password": u.password, "project_name": u.project,
			"user_domain_id": "default", "project_domain_id": "default",
		})
		if u.credential.id != "" {
			clouds[appCredCloud] = s.cloud("v3applicationcredential", map[string]any{
				"application_credential_id": u.credential.id, "application_credential_secret": u.credential.secret,
			})
		}
	}
	out, err := yaml.Marshal(map[string]any{"clouds": clouds})
	if err != nil {
		panic(err) // strings in maps
	}
	return out
}

func (s *Server) cloud(authType string, auth map[string]any) map[string]any {
	auth["auth_url"] = s.IdentityURL()
	return map[string]any{"region_name": region, "identity_api_version": 3, "auth_type": authType, "auth": auth}
}

// Secrets are what nobody may ever show: passwords, the application credential's secret, and each token so far.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.retired)
	for _, u := range s.users {
		out = append(out, u.password)
		if u.credential.secret != "" {
			out = append(out, u.credential.secret)
		}
	}
	for token := range s.tokens {
		out = append(out, token)
	}
	slices.Sort(out)
	return out
}

// Token is a new token of an entry of CloudsYAML, without a request.
func (s *Server) Token(cloud string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.users {
		switch cloud {
		case u.name:
			return s.issue(&caller{user: u, cloud: cloud, method: "password", projectID: s.seed.Projects[u.project]}), nil
		case appCredCloud:
			if u.credential.id != "" {
				return s.issue(&caller{user: u, cloud: cloud, method: "application_credential", projectID: s.seed.Projects[u.project]}), nil
			}
		}
	}
	return "", fmt.Errorf("no cloud %q: there are admin, k8s, k8s-reader, other and %s", cloud, appCredCloud)
}

// ExpireTokens ends all tokens: the next request with one is answered 401.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token := range s.tokens {
		s.retired = append(s.retired, token)
	}
	clear(s.tokens)
}

// issue hands a token out.
func (s *Server) issue(who *caller) string {
	token := "gAAAAAB" + newHex() + newHex()
	s.tokens[token] = who
	return token
}
