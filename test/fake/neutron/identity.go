package neutron

import (
	"net/http"
	"strings"
)

// identityRoutes is Keystone: version documents, tokens, the catalog, and the projects of whoever asks.
func (s *Server) identityRoutes() handler {
	return func(c *call) (answer, error) {
		path := strings.TrimSuffix(c.URL.Path, "/")
		if id, found := strings.CutPrefix(path, "/v3/projects/"); found && c.Method == http.MethodGet {
			return s.getProject(c, id)
		}
		switch c.Method + " " + path {
		case "GET ":
			return answer{status: http.StatusMultipleChoices, body: map[string]any{
				"versions": map[string]any{"values": []any{s.identityVersion()}},
			}}, nil
		case "GET /v3":
			return answer{status: http.StatusOK, body: map[string]any{"version": s.identityVersion()}}, nil
		case "POST /v3/auth/tokens":
			return s.authenticate(c)
		case "GET /v3/auth/tokens":
			return s.validate(c)
		case "GET /v3/auth/catalog":
			if c.who == nil {
				return answer{}, s.notAuthenticated()
			}
			return answer{status: http.StatusOK, body: map[string]any{"catalog": s.catalog()}}, nil
		case "GET /v3/auth/projects":
			if c.who == nil {
				return answer{}, s.notAuthenticated()
			}
			return answer{status: http.StatusOK, body: map[string]any{"projects": []any{s.project(c.who.user.project)}}}, nil
		}
		return answer{status: http.StatusNotFound, html: "<!doctype html>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"}, nil
	}
}

func (s *Server) identityVersion() map[string]any {
	return map[string]any{
		"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
		"links": []any{link("self", s.IdentityURL()+"/")},
		"media-types": []any{map[string]any{
			"base": "application/json", "type": "application/vnd.openstack.identity-v3+json",
		}},
	}
}

func (s *Server) notAuthenticated() error {
	return &keystoneError{status: http.StatusUnauthorized, message: unauthenticated, realm: s.IdentityURL()}
}

// catalog lists both services; Neutron's URL has no version, as the real one's does not.
func (s *Server) catalog() []any {
	service := func(kind, name, url string) map[string]any {
		var endpoints []any
		for _, side := range []string{"public", "internal", "admin"} {
			endpoints = append(endpoints, map[string]any{
				"id": name + "-" + side, "interface": side, "region": region, "region_id": region, "url": url,
			})
		}
		return map[string]any{"id": name, "type": kind, "name": name, "endpoints": endpoints}
	}
	return []any{service("identity", "keystone", s.IdentityURL()), service("network", "neutron", s.NetworkURL())}
}

func (s *Server) project(name string) map[string]any {
	id := s.seed.Projects[name]
	return map[string]any{
		"id": id, "name": name, "domain_id": "default", "description": "", "enabled": true, "parent_id": "default",
		"is_domain": false, "tags": []any{}, "options": map[string]any{},
		"links": map[string]any{"self": s.IdentityURL() + "/projects/" + id},
	}
}

// getProject shows a project to its own users and to admins.
func (s *Server) getProject(c *call, id string) (answer, error) {
	if c.who == nil {
		return answer{}, s.notAuthenticated()
	}
	if !c.who.admin() && !c.who.owns(id) {
		return answer{}, &keystoneError{
			status:  http.StatusForbidden,
			message: "You are not authorized to perform the requested action: identity:get_project.",
		}
	}
	for name, project := range s.seed.Projects {
		if project == id {
			return answer{status: http.StatusOK, body: map[string]any{"project": s.project(name)}}, nil
		}
	}
	return answer{}, &keystoneError{status: http.StatusNotFound, message: "Could not find project: " + id + "."}
}

func link(rel, href string) map[string]any { return map[string]any{"rel": rel, "href": href} }
