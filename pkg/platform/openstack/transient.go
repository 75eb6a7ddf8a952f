package openstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// longestRetryAfter is how long a server may make us wait between two tries; one that asks for more is down.
const longestRetryAfter = 30 * time.Second

// timeoutError is a request that took longer than it may.
type timeoutError struct {
	after time.Duration
	cause error
}

func (e *timeoutError) Error() string { return fmt.Sprintf("no answer after %s", e.after) }

func (e *timeoutError) Unwrap() error { return e.cause }

// passing reports whether a status says that the same request may succeed later.
func passing(status int) bool {
	return slices.Contains([]int{http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout}, status)
}

// transient reports whether err may be gone a little later. What a lost answer leaves behind is not known.
func (w *wire) transient(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil {
		return false
	}
	if status, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok {
		return passing(status.Actual)
	}
	return w.reached.Load() && broken(err)
}

// broken reports whether err is of the connection, and not of what was said over it: a certificate that is not trusted,
// say, is neither.
func broken(err error) bool {
	return unreached(err) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// unreached reports whether err came before any answer.
func unreached(err error) bool {
	_, timeout := errors.AsType[*timeoutError](err)
	return timeout || finding.Unreached(err)
}

// again calls try until it asks for no further one, for as many times as backoff has steps, with pauses between.
func (w *wire) again(ctx context.Context, backoff wait.Backoff, try func() (more bool, err error)) error {
	for left := backoff.Steps - 1; ; left-- {
		more, err := try()
		if !more || left == 0 {
			return err
		}
		delay, ok := pauseFor(&backoff, err)
		if !ok || w.pause(ctx, delay) != nil {
			return err
		}
	}
}

// pauseFor is how long to wait after err: the next step of backoff, or what the server asks for where that is more.
// It is false where the server asks for longer than anyone would wait.
func pauseFor(backoff *wait.Backoff, err error) (time.Duration, bool) {
	delay := backoff.Step()
	if status, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok {
		delay = max(delay, retryAfter(status.ResponseHeader.Get("Retry-After"), time.Now()))
	}
	return delay, delay <= longestRetryAfter
}

// retryAfter reads that header: seconds, or a date.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return date.Sub(now)
	}
	return 0
}
