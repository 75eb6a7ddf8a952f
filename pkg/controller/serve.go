package controller

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	// longestPass is how long one may take before the process counts as hung.
	longestPass = 10 * time.Minute
	// farewell is what requests under way are given at the end.
	farewell = 2 * time.Second
)

// serve opens Listen and serves it until ctx ends; closed waits for its end.
func (c *controller) serve(ctx context.Context) (closed func(), err error) {
	if c.Listen == "" {
		return func() {}, nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("opening %s for metrics and health checks: %w", c.Listen, err)
	}
	if c.Listening != nil {
		c.Listening(listener.Addr().String())
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(c.env.Metrics.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", answering(c.healthy))
	mux.HandleFunc("GET /readyz", answering(c.ready))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			c.env.Troubles.Say("server", fmt.Errorf("serving metrics and health checks: %w", err))
		}
	}()
	return func() {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		defer cancel()
		_ = server.Shutdown(within) // whoever still asks is cut off
		_ = server.Close()
		<-done
	}, nil
}

// answering says ok, or what is wrong.
func answering(check func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if err := check(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ok")
	}
}

// healthy fails where a new process would do better.
func (c *controller) healthy() error {
	since := c.busy.Load()
	if busy := time.Since(time.Unix(0, since)); since != 0 && busy > longestPass {
		return fmt.Errorf("a comparison with the platform has taken %s so far", busy.Round(time.Second))
	}
	return nil
}

// ready fails where the process could not take over: it has not seen the whole cluster, or no longer does.
func (c *controller) ready() error {
	if !c.env.mirror.Synced() {
		return errors.Join(errors.New("the cluster has not been read yet"), c.env.mirror.Trouble())
	}
	return c.env.mirror.Trouble()
}
