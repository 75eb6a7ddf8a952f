package openstack

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	defaultRequestTimeout = time.Minute
	// idleConnections is above any sensible --concurrency, so that no connection is made twice.
	idleConnections = 64
	// readTries is how often a request that changes nothing is sent.
	readTries = 6
	// hungTries is how often one is sent that gets no answer at all: a server that hangs seldom wakes.
	hungTries = 2
)

// wire is the transport: it reads every answer to its end, so that a cut one is an error of its request, and sends
// again what can be repeated without harm. Writes are sent once: whoever writes must look first what became of it.
type wire struct {
	next    http.RoundTripper
	timeout time.Duration
	log     func(format string, args ...any)
	clean   func(string) string
	// pause waits between tries; tests do without.
	pause func(context.Context, time.Duration) error
	// reached tells that the cloud has answered before: one that was never reached is not waited for.
	reached atomic.Bool
}

func newWire(config *tls.Config, c Credentials, clean func(string) string) *wire {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig, transport.MaxIdleConnsPerHost = config, idleConnections
	w := &wire{next: transport, timeout: cmp.Or(c.RequestTimeout, defaultRequestTimeout), log: c.Log, clean: clean, pause: sleep}
	if w.log == nil {
		w.log = func(string, ...any) {}
	}
	return w
}

// RoundTrip sends r, and again where that may help and cannot harm.
func (w *wire) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	hung := 0
	_ = w.again(r.Context(), readBackoff(), func() (bool, error) {
		answer, err = w.once(r) //nolint:bodyclose // It is read whole, and closed, by then.
		problem := err
		if err == nil && passing(answer.StatusCode) {
			problem = gophercloud.ErrUnexpectedResponseCode{Actual: answer.StatusCode, ResponseHeader: answer.Header}
		}
		if _, late := errors.AsType[*timeoutError](problem); late {
			hung++
		}
		return repeatable(r) && hung < hungTries && w.transient(r.Context(), problem), problem
	})
	return answer, err
}

// once sends r and reads the whole answer.
func (w *wire) once(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), w.timeout)
	defer cancel()
	began := time.Now()
	sent := r.WithContext(ctx)
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, fmt.Errorf("sending %s: %w", brief(r), err)
		}
		sent.Body = body
	}
	answer, err := w.next.RoundTrip(sent)
	if err == nil {
		answer, err = whole(answer)
	}
	if err != nil {
		w.log("%s: %s", w.clean(brief(r)), w.clean(err.Error()))
		if ctx.Err() != nil && r.Context().Err() == nil {
			return nil, &timeoutError{w.timeout, err}
		}
		return nil, err
	}
	w.reached.Store(true)
	w.log("%s: %d in %s", w.clean(brief(r)), answer.StatusCode, time.Since(began).Round(time.Millisecond))
	return answer, nil
}

// whole is answer with its body read.
func whole(answer *http.Response) (*http.Response, error) {
	body, err := io.ReadAll(answer.Body)
	if closeErr := answer.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// repeatable reports whether r changes nothing: reads, and asking for a token.
func repeatable(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/auth/tokens")
}

// brief names a request on a line: a query of a hundred IDs is not worth reading.
func brief(r *http.Request) string {
	query := r.URL.RawQuery
	if len(query) > 100 {
		query = query[:100] + "..."
	}
	if query != "" {
		query = "?" + query
	}
	return r.Method + " " + r.URL.Host + r.URL.Path + query
}

func readBackoff() wait.Backoff {
	return wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: readTries}
}

// sleep waits for d, or until ctx is done.
func sleep(ctx context.Context, d time.Duration) error {
	slept, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-slept.Done()
	return ctx.Err()
}
