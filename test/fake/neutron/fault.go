package neutron

import (
	"net/http"
	"slices"
	"time"
)

// Cut says when a connection is cut in place of an answer.
type Cut int

// The moments at which a connection can be cut. A client's transport may repeat a GET that was cut by itself.
const (
	CutNever Cut = iota
	// CutBefore: the service never sees the request.
	CutBefore
	// CutAfter: the service carries the request out, and the answer is lost.
	CutAfter
)

// Fault is what goes wrong with the requests it matches. A request meets one fault at most, the first injected.
type Fault struct {
	// Match tells which requests; nil is every one. It must not call the Server.
	Match func(Request) bool
	// Skip lets that many matching requests pass first.
	Skip int
	// Times is how many requests it happens to; 0: all.
	Times int
	// Delay is waited before anything else, or until the client gives up. The request is carried out after it
	// all the same, as by a real service that does not notice; with CutBefore it is not.
	Delay time.Duration
	// Then is called next, before the request is carried out, cut, or answered: another's hand at the worst
	// moment. With the method ExpireTokens the request finds its token expired.
	Then func()
	// Status is answered in place of the service, which never sees the request; 0: it does.
	Status int
	// RetryAfter is that header, sent with Status: seconds or an HTTP date.
	RetryAfter string
	Cut        Cut
}

// activeFault is a Fault that still happens.
type activeFault struct {
	Fault
	seen int // matching requests so far
}

// Inject has f happen until it has happened f.Times, or remove is called.
func (s *Server) Inject(f Fault) (remove func()) {
	active := &activeFault{Fault: f}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, active)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults = slices.DeleteFunc(s.faults, func(other *activeFault) bool { return other == active })
	}
}

// nextFault is what happens to r; the zero Fault is nothing.
func (s *Server) nextFault(r Request) Fault {
	for _, f := range s.faults {
		if f.Match != nil && !f.Match(r) {
			continue
		}
		f.seen++
		if f.seen > f.Skip && (f.Times == 0 || f.seen <= f.Skip+f.Times) {
			return f.Fault
		}
	}
	return Fault{}
}

// answer is the fault's, in the form of the service: what stands before Neutron checks tokens, and proxies and
// overload answer with a page rather than JSON.
func (f Fault) answer(service string) answer {
	var a answer
	switch {
	case f.Status == http.StatusUnauthorized:
		a = (&keystoneError{status: f.Status, message: unauthenticated}).answer()
	case f.Status == http.StatusServiceUnavailable, f.Status == http.StatusTooManyRequests,
		f.Status == http.StatusBadGateway, f.Status == http.StatusGatewayTimeout:
		title := http.StatusText(f.Status)
		a = answer{status: f.Status, html: "<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n"}
	case service == "identity":
		a = (&keystoneError{status: f.Status, message: "An unexpected error prevented the server from fulfilling your request."}).answer()
	default:
		a = (&neutronError{f.Status, "HTTPInternalServerError", internalError}).answer()
	}
	if f.RetryAfter != "" {
		if a.header == nil {
			a.header = map[string]string{}
		}
		a.header["Retry-After"] = f.RetryAfter
	}
	return a
}
