package neutron

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// named is a user, a project or a domain as a request for a token names it.
type named struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Password string `json:"password"`
	Secret   string `json:"secret"`
	Domain   *named `json:"domain"`
	User     *named `json:"user"`
}

// tokenRequest is the body of POST /v3/auth/tokens, as far as it is read here.
type tokenRequest struct {
	Auth *struct {
		Identity struct {
			Methods  []string `json:"methods"`
			Password struct {
				User named `json:"user"`
			} `json:"password"`
			ApplicationCredential named `json:"application_credential"`
		} `json:"identity"`
		Scope *struct {
			Project *named `json:"project"`
		} `json:"scope"`
	} `json:"auth"`
}

// authenticate is POST /v3/auth/tokens with a password or an application credential.
func (s *Server) authenticate(c *call) (answer, error) {
	var request tokenRequest
	if json.Unmarshal(c.body, &request) != nil {
		return answer{}, s.malformed("valid JSON")
	}
	if request.Auth == nil {
		return answer{}, s.malformed("auth")
	}
	identity := request.Auth.Identity
	var who *caller
	switch {
	case slices.Contains(identity.Methods, "password"):
		who = s.byPassword(identity.Password.User)
	case slices.Contains(identity.Methods, "application_credential"):
		if request.Auth.Scope != nil {
			return answer{}, &keystoneError{
				status:  http.StatusUnauthorized,
				message: "Error authenticating with application credential: Application credentials cannot request a scope.",
				realm:   s.IdentityURL(),
			}
		}
		var err error
		if who, err = s.byCredential(identity.ApplicationCredential); err != nil {
			return answer{}, err
		}
	}
	if who == nil {
		return answer{}, s.notAuthenticated()
	}
	if request.Auth.Scope != nil && request.Auth.Scope.Project != nil {
		project := *request.Auth.Scope.Project
		if !project.is(s.seed.Projects[who.user.project], who.user.project) {
			return answer{}, s.notAuthenticated()
		}
		who.projectID = s.seed.Projects[who.user.project]
	}
	token := s.issue(who)
	return answer{
		status: http.StatusCreated,
		header: map[string]string{"X-Subject-Token": token, "Vary": "X-Auth-Token"},
		body:   map[string]any{"token": s.tokenBody(who)},
	}, nil
}

func (s *Server) malformed(missing string) error {
	return &keystoneError{
		status: http.StatusBadRequest,
		message: "Expecting to find " + missing + " in request body. The server could not comply with the request " +
			"since it is either malformed or otherwise incorrect. The client is assumed to be in error.",
	}
}

// is reports whether n means the thing of that ID and name. All are in the domain "default", called "Default".
func (n named) is(id, name string) bool {
	if n.ID != "" {
		return n.ID == id
	}
	return n.Name == name && n.Domain != nil && (n.Domain.ID == "default" || n.Domain.Name == "Default")
}

func (s *Server) byPassword(who named) *caller {
	for _, u := range s.users {
		if who.is(u.id, u.name) && who.Password == u.password {
			return &caller{user: u, cloud: u.name, method: "password"}
		}
	}
	return nil
}

// byCredential finds an application credential by its ID, or by its name and its user. An ID or a user that is none is
// 404, and a name or a secret that is wrong 401.
func (s *Server) byCredential(given named) (*caller, error) {
	for _, u := range s.users {
		byName := given.ID == "" && given.User != nil && given.User.is(u.id, u.name)
		if u.credential.id == "" || !byName && given.ID != u.credential.id {
			continue
		}
		if given.Secret != u.credential.secret || byName && given.Name != u.credential.name {
			return nil, s.notAuthenticated()
		}
		return &caller{user: u, cloud: appCredCloud, method: "application_credential", projectID: s.seed.Projects[u.project]}, nil
	}
	if given.ID == "" && given.User != nil {
		return nil, &keystoneError{status: http.StatusNotFound, message: "Could not find user: " + given.User.Name + "."}
	}
	return nil, &keystoneError{status: http.StatusNotFound, message: "Could not find Application Credential: " + given.ID + "."}
}

// validate is GET /v3/auth/tokens: a token about itself, or about another.
func (s *Server) validate(c *call) (answer, error) {
	if c.who == nil {
		return answer{}, s.notAuthenticated()
	}
	token := c.Header.Get("X-Subject-Token")
	subject := s.tokens[token]
	if subject == nil {
		return answer{}, &keystoneError{status: http.StatusNotFound, message: "Could not find token: " + token + "."}
	}
	return answer{
		status: http.StatusOK,
		header: map[string]string{"X-Subject-Token": token, "Vary": "X-Auth-Token"},
		body:   map[string]any{"token": s.tokenBody(subject)},
	}, nil
}

// tokenBody is what a token says of its bearer; without a scope, neither project nor roles nor catalog.
func (s *Server) tokenBody(who *caller) map[string]any {
	now := time.Now().UTC()
	domain := map[string]any{"id": "default", "name": "Default"}
	const format = "2006-01-02T15:04:05.000000Z"
	token := map[string]any{
		"methods":   []string{who.method},
		"user":      map[string]any{"id": who.user.id, "name": who.user.name, "domain": domain, "password_expires_at": nil},
		"audit_ids": []string{newHex()}, "issued_at": now.Format(format), "expires_at": now.Add(24 * time.Hour).Format(format),
	}
	if who.projectID == "" {
		return token
	}
	var roles []any
	for _, role := range who.user.roles {
		roles = append(roles, map[string]any{"id": "role-" + role, "name": role})
	}
	token["project"] = map[string]any{"id": who.projectID, "name": who.user.project, "domain": domain}
	token["is_domain"] = false
	token["roles"] = roles
	token["catalog"] = s.catalog()
	if who.method == "application_credential" {
		token["application_credential"] = map[string]any{
			"id": who.user.credential.id, "name": who.user.credential.name, "restricted": true,
		}
	}
	return token
}
