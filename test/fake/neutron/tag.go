package neutron

import (
	"encoding/json"
	"net/http"
	"slices"
)

// tags is /v2.0/ports/<id>/tags and /v2.0/ports/<id>/tags/<tag>. Each change adds one to the port's revision.
func (s *Server) tags(c *call, portID string, parts []string) (answer, error) {
	p, err := s.store.ports.find(c.who, portID)
	if err != nil {
		return answer{}, err
	}
	if c.Method != http.MethodGet {
		if err := s.mayWrite(c.who, &portBody{}, p.ProjectID, p.NetworkID, "update_port"); err != nil {
			return answer{}, err
		}
	}
	if len(parts) == 0 {
		return tagList(c, p)
	}
	if len(parts) > 1 {
		return answer{}, noResource()
	}
	tag := parts[0]
	has := slices.Contains(p.Tags, tag)
	switch {
	case c.Method == http.MethodPut:
		if !has {
			p.setTags(append(slices.Clone(p.Tags), tag))
		}
		return answer{status: http.StatusCreated, body: json.RawMessage("null")}, nil
	case !has:
		return answer{}, &neutronError{http.StatusNotFound, "TagNotFound", "Tag " + tag + " could not be found."}
	case c.Method == http.MethodGet:
		return answer{status: http.StatusNoContent}, nil
	case c.Method == http.MethodDelete:
		p.setTags(slices.DeleteFunc(slices.Clone(p.Tags), func(other string) bool { return other == tag }))
		return answer{status: http.StatusNoContent}, nil
	}
	return answer{}, wrongMethod()
}

func tagList(c *call, p *Port) (answer, error) {
	switch c.Method {
	case http.MethodGet:
	case http.MethodPut:
		var body struct {
			Tags []string `json:"tags"`
		}
		if json.Unmarshal(c.body, &body) != nil || body.Tags == nil {
			return answer{}, invalidInput("Invalid tags body.")
		}
		p.setTags(body.Tags)
	case http.MethodDelete:
		p.setTags(nil)
		return answer{status: http.StatusNoContent}, nil
	default:
		return answer{}, wrongMethod()
	}
	return answer{status: http.StatusOK, body: map[string]any{"tags": append([]string{}, p.Tags...)}}, nil
}

func (p *Port) setTags(tags []string) {
	if !slices.Equal(p.Tags, tags) {
		p.Revision++
	}
	p.Tags = tags
}
