// Package apiproxy puts a plain-HTTP proxy before an API server and keeps a list of the requests that
// pass, so that a test can count what a command asks for and what it writes.
package apiproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"sync"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Proxy passes requests to an API server under the rights of the configuration it was started with.
type Proxy struct {
	// URL is where the proxy listens.
	URL string

	handler  http.Handler
	server   *http.Server
	mu       sync.Mutex
	requests []*Request
	fault    func(n int, r Request) Fault
}

// recordKey finds a request's record again when its response comes.
type recordKey struct{}

// Start starts a proxy on a free port of 127.0.0.1. Whoever reaches it has the rights of cfg.
func Start(cfg *rest.Config) (*Proxy, error) {
	target, _, err := rest.DefaultServerUrlFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("reading the API server's address: %w", err)
	}
	transport, err := rest.TransportFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("making a transport to %s: %w", target, err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a port for the proxy: %w", err)
	}
	p := &Proxy{URL: "http://" + listener.Addr().String()}
	quiet := log.New(io.Discard, "", 0) // a client that ends its watch is no news
	proxy := &httputil.ReverseProxy{
		Transport:     transport,
		ErrorLog:      quiet,
		FlushInterval: -1, // a watch's events are passed on as they come
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Authorization") // the transport has its own
		},
		ModifyResponse: func(response *http.Response) error {
			p.answered(response.Request.Context(), response.StatusCode)
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			p.answered(r.Context(), http.StatusBadGateway)
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	}
	p.handler = p.recording(proxy)
	p.serve(listener)
	return p, nil
}

// serve serves the listener's connections until Close or an Outage.
func (p *Proxy) serve(listener net.Listener) {
	server := &http.Server{Handler: p.handler, ErrorLog: log.New(io.Discard, "", 0)}
	p.mu.Lock()
	p.server = server
	p.mu.Unlock()
	go func() { _ = server.Serve(listener) }() // ends with the server's Close
}

// recording notes each request before it goes out, so that a client that has its answer finds it noted.
func (p *Proxy) recording(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record, err := newRequest(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		p.mu.Lock()
		p.requests = append(p.requests, record)
		n, fault := len(p.requests), p.fault
		p.mu.Unlock()
		r = r.WithContext(context.WithValue(r.Context(), recordKey{}, record))
		if fault == nil {
			next.ServeHTTP(w, r)
			return
		}
		faulty(fault(n, *record), w, r, next)
	})
}

func (p *Proxy) answered(ctx context.Context, status int) {
	record, ok := ctx.Value(recordKey{}).(*Request)
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	record.Status = status
}

// Requests are those that came since the last Reset, in the order they came.
func (p *Proxy) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Request, 0, len(p.requests))
	for _, request := range p.requests {
		out = append(out, *request)
	}
	return out
}

// Reset forgets the requests so far.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = nil
}

// Kubeconfig writes to dir a kubeconfig that goes through the proxy, and returns its path.
func (p *Proxy) Kubeconfig(dir string) (path string, err error) {
	config := clientcmdapi.NewConfig()
	config.Clusters["proxy"] = &clientcmdapi.Cluster{Server: p.URL}
	config.Contexts["proxy"] = &clientcmdapi.Context{Cluster: "proxy"}
	config.CurrentContext = "proxy"
	file, err := os.CreateTemp(dir, "proxy-*.kubeconfig")
	if err != nil {
		return "", fmt.Errorf("making a kubeconfig in %s: %w", dir, err)
	}
	path = file.Name()
	if err := errors.Join(file.Close(), clientcmd.WriteToFile(*config, path)); err != nil {
		return "", fmt.Errorf("writing %s: %w", path, err)
	}
	return path, nil
}

// Close ends the proxy and what passes through it.
func (p *Proxy) Close() error {
	p.mu.Lock()
	server := p.server
	p.mu.Unlock()
	return server.Close()
}
