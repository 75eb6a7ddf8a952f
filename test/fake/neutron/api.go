package neutron

import (
	"net/http"
	"strings"
)

// maxRequestLine is what the web server under Neutron (eventlet) reads of a request line, its end included.
const maxRequestLine = 8191

// networkRoutes is Neutron.
func (s *Server) networkRoutes() handler {
	return func(c *call) (answer, error) {
		if len(c.Method)+len(c.RequestURI)+len("  HTTP/1.1\r\n") > maxRequestLine {
			return answer{status: http.StatusRequestURITooLong, header: map[string]string{"Connection": "close"}}, nil
		}
		path, versioned := strings.CutPrefix(c.URL.Path, "/v2.0")
		if !versioned {
			if c.URL.Path != "/" {
				return page404(c, ""), nil
			}
			return answer{status: http.StatusOK, body: map[string]any{"versions": []any{map[string]any{
				"id": "v2.0", "status": "CURRENT", "links": []any{link("self", s.NetworkURL()+"/v2.0/")},
			}}}}, nil
		}
		if c.who == nil { // the realm is Keystone's own, without a version
			return answer{}, &keystoneError{http.StatusUnauthorized, unauthenticated, s.identity.url}
		}
		if path == "/" {
			return s.resources(), nil
		}
		parts := strings.Split(strings.TrimSuffix(strings.Trim(path, "/"), ".json"), "/")
		switch {
		case parts[0] == "extensions":
			return s.extensions(c, parts[1:])
		case parts[0] == "ports" && c.Method != http.MethodGet, parts[0] == "ports" && len(parts) > 2:
			return s.portRoutes(c, parts[1:])
		}
		return s.read(c, parts)
	}
}

// page404 is what answers before Neutron does: a page, or JSON where the client asks for it, but no NeutronError.
func page404(c *call, why string) answer {
	if strings.Contains(c.Header.Get("Accept"), "json") {
		return answer{status: http.StatusNotFound, body: map[string]any{
			"code": "404 Not Found", "title": "Not Found", "message": "The resource could not be found.<br /><br />\n" + why + "\n",
		}}
	}
	return answer{status: http.StatusNotFound, html: "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n" +
		"  <h1>404 Not Found</h1>\n  The resource could not be found.<br /><br />\n" + why + "\n </body>\n</html>\n"}
}

func noResource() error {
	return &neutronError{http.StatusNotFound, "HTTPNotFound", "The resource could not be found."}
}

func wrongMethod() error {
	return &neutronError{http.StatusMethodNotAllowed, "HTTPMethodNotAllowed",
		"The server could not comply with the request since it is either malformed or otherwise incorrect."}
}

// resources is GET /v2.0/.
func (s *Server) resources() answer {
	var list []any
	for _, name := range []string{"network", "subnet", "port"} {
		list = append(list, map[string]any{
			"name": name, "collection": name + "s", "links": []any{link("self", s.NetworkURL()+"/v2.0/"+name+"s")},
		})
	}
	return answer{status: http.StatusOK, body: map[string]any{"resources": list}}
}

// read is GET of a list or of one item of any kind.
func (s *Server) read(c *call, parts []string) (answer, error) {
	readers := map[string]reader{
		"ports": &s.store.ports, "networks": &s.store.networks, "subnets": &s.store.subnets,
		"security-groups": &s.store.groups, "security-group-rules": &s.store.rules, "trunks": &s.store.trunks,
	}
	kind := readers[parts[0]]
	switch {
	case kind == nil, len(parts) > 2:
		return answer{}, noResource()
	case c.Method != http.MethodGet:
		return answer{}, wrongMethod()
	case len(parts) == 2:
		return kind.get(c, parts[1])
	}
	return kind.list(c, s.options.PageLimit)
}

// reader is a table of whatever kind.
type reader interface {
	get(c *call, id string) (answer, error)
	list(c *call, pageLimit int) (answer, error)
}

// portRoutes are the writes of ports, and their tags.
func (s *Server) portRoutes(c *call, parts []string) (answer, error) {
	switch {
	case len(parts) > 1 && parts[1] == "tags":
		return s.tags(c, parts[0], parts[2:])
	case len(parts) > 1:
		return answer{}, noResource()
	case c.Method == http.MethodPost && len(parts) == 0:
		return s.createPorts(c)
	case c.Method == http.MethodPut && len(parts) == 0:
		return answer{}, badRequest("Bulk operation not supported")
	case c.Method == http.MethodPut:
		return s.updatePort(c, parts[0])
	case c.Method == http.MethodDelete && len(parts) == 1:
		return s.deletePort(c, parts[0])
	}
	return answer{}, wrongMethod()
}
