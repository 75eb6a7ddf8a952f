package neutron

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// endpoint is one of the two services on its own port, as the real ones are.
type endpoint struct {
	url     string
	handler http.Handler

	mu       sync.Mutex
	server   *http.Server
	listener net.Listener
}

// call is a request as a service sees it.
type call struct {
	*http.Request
	body []byte
	who  *caller // nil without a token that holds
}

// handler carries a request out under the server's lock.
type handler func(c *call) (answer, error)

func (s *Server) listen(service string, h handler) (*endpoint, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a port for the %s service: %w", service, err)
	}
	e := &endpoint{url: "http://" + listener.Addr().String(), handler: s.serving(service, h)}
	e.serve(listener)
	return e, nil
}

// serve serves the listener's connections until close.
func (e *endpoint) serve(listener net.Listener) {
	server := &http.Server{
		Handler:  e.handler,
		ErrorLog: log.New(io.Discard, "", 0), // connections that are cut on purpose are no news
	}
	e.mu.Lock()
	e.server, e.listener = server, listener
	e.mu.Unlock()
	go func() { _ = server.Serve(listener) }() // ends with the server's Close
}

// close cuts every connection, and takes no more. A server that does not serve yet would leave the listener open.
func (e *endpoint) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	_ = e.server.Close() // nobody is left to be told
	_ = e.listener.Close()
}

// serving notes each request, has it fail where a Fault says so, and else carries it out.
func (s *Server) serving(service string, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client is gone
		}
		record, f := s.note(r)
		wait(r.Context(), s.options.Delay+f.Delay)
		if f.Then != nil {
			f.Then()
		}
		if f.Cut == CutBefore {
			cut(w)
			return
		}
		var a answer
		if f.Status != 0 {
			a = f.answer(service)
		} else {
			a = s.carryOut(h, r, body)
		}
		if f.Cut == CutAfter {
			cut(w)
			return
		}
		s.answered(record, a.status)
		a.write(w)
	})
}

// carryOut runs h under the lock, so that no request sees half of another.
func (s *Server) carryOut(h handler, r *http.Request, body []byte) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := h(&call{Request: r, body: body, who: s.tokens[r.Header.Get("X-Auth-Token")]})
	if err != nil {
		return answerError(err)
	}
	return a
}

// wait waits for d, or until the client has given up.
func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// cut resets the connection: the client reads "connection reset by peer".
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's own way to cut a connection
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it, the client would read a tidy end
	}
	_ = conn.Close()
}
