package apiproxy

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// Fault is what goes wrong with one request. The zero value is nothing.
type Fault struct {
	// Delay is waited before anything else.
	Delay time.Duration
	// Status is answered in place of the server, which never sees the request; 0: it does.
	Status int
	// RetryAfter is said beside Status, in seconds; 0: nothing is said.
	RetryAfter int
	// Drop cuts the connection before the server sees the request.
	Drop bool
	// LoseAnswer lets the server carry the request out, and cuts the connection instead of answering. It
	// is not for watches, which have no end.
	LoseAnswer bool
	// Then is called before a connection is cut.
	Then func()
}

// Tamper has faults decided by f, which is given the number of the request since the last Reset, from 1,
// and the request. A nil f ends that.
func (p *Proxy) Tamper(f func(n int, r Request) Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// Outage takes the server away for a while, as when it restarts: connections are cut, and new ones refused.
func (p *Proxy) Outage(d time.Duration) error {
	if err := p.Close(); err != nil {
		return fmt.Errorf("closing the proxy: %w", err)
	}
	time.Sleep(d)
	return p.Open()
}

// Open lets connections pass again after Close.
func (p *Proxy) Open() error {
	listener, err := net.Listen("tcp", strings.TrimPrefix(p.URL, "http://"))
	if err != nil {
		return fmt.Errorf("opening the proxy's port again: %w", err)
	}
	p.serve(listener)
	return nil
}

// faulty serves r as f says.
func faulty(f Fault, w http.ResponseWriter, r *http.Request, next http.Handler) {
	time.Sleep(f.Delay)
	if f.LoseAnswer {
		next.ServeHTTP(httptest.NewRecorder(), r)
	}
	if (f.Drop || f.LoseAnswer) && f.Then != nil {
		f.Then()
	}
	switch {
	case f.Drop, f.LoseAnswer:
		panic(http.ErrAbortHandler) // net/http's own way to cut a connection
	case f.Status != 0:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", fmt.Sprint(f.RetryAfter))
		}
		http.Error(w, "a fault of the test", f.Status)
	default:
		next.ServeHTTP(w, r)
	}
}
