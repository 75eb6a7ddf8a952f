package neutron

import (
	"fmt"
	"net/http"
	"strings"
)

// Request is one request as it came to one of the two servers.
type Request struct {
	Method string
	// Path is the real services' own: /v3/auth/tokens, /v2.0/ports/<id>.
	Path string
	// Query is as sent, without the question mark.
	Query string
	// IfMatch is that header; empty where there was none.
	IfMatch string
	// Cloud names the entry of CloudsYAML whose token came with the request; empty without a token that holds.
	Cloud string
	// Status is of the answer; 0 while there is none, or where the connection was cut.
	Status int
}

// Write reports whether the request was to change a network resource.
func (r Request) Write() bool {
	return r.Method != http.MethodGet && strings.HasPrefix(r.Path, "/v2.0/")
}

// Kind is the request without what differs between two of a kind: "GET /v2.0/ports", "PUT /v2.0/ports/{id}".
func (r Request) Kind() string {
	parts := strings.Split(strings.Trim(r.Path, "/"), "/")
	if len(parts) > 2 && parts[0] == "v2.0" && parts[1] != "extensions" {
		parts[2] = "{id}"
	}
	return r.Method + " /" + strings.Join(parts, "/")
}

// String is the request line and the answer's status, as a failing test prints it.
func (r Request) String() string {
	target := r.Path
	if r.Query != "" {
		target += "?" + r.Query
	}
	return fmt.Sprintf("%s %s %d", r.Method, target, r.Status)
}

// note records a request as it comes and finds what is to go wrong with it, so that a client that has its answer
// finds it recorded.
func (s *Server) note(r *http.Request) (*Request, Fault) {
	record := &Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, IfMatch: r.Header.Get("If-Match")}
	s.mu.Lock()
	defer s.mu.Unlock()
	if who := s.tokens[r.Header.Get("X-Auth-Token")]; who != nil {
		record.Cloud = who.cloud
	}
	s.log = append(s.log, record)
	return record, s.nextFault(*record)
}

func (s *Server) answered(record *Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	record.Status = status
}

// Requests are those that came since the last ResetRequests, in the order they came.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, 0, len(s.log))
	for _, record := range s.log {
		out = append(out, *record)
	}
	return out
}

// Counts are the numbers of Requests by Kind.
func (s *Server) Counts() map[string]int {
	out := map[string]int{}
	for _, request := range s.Requests() {
		out[request.Kind()]++
	}
	return out
}

// ResetRequests empties the log.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}
