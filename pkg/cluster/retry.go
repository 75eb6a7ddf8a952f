package cluster

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/util/wait"
)

// Retry calls send again, after pauses that grow to a quarter of a minute in all, while the server is
// busy, restarts, or drops the connection. Reads and server-side apply can be repeated without harm. A
// server that was never reached is not waited for.
func (c *Client) Retry(ctx context.Context, send func() error) error {
	backoff := wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 9, Cap: 5 * time.Second}
	var last error
	err := wait.ExponentialBackoffWithContext(ctx, backoff, func(context.Context) (bool, error) {
		last = send()
		if last == nil {
			c.reached.Store(true)
			return true, nil
		}
		if !c.Transient(last) {
			return false, last
		}
		return false, nil
	})
	if err != nil && last != nil && (ctx.Err() == nil || errors.Is(last, ctx.Err())) {
		return last
	}
	return err
}

// Transient reports whether the same request may succeed a little later. A server that has answered before
// and now cannot be talked to is away for a while, in whatever words the connection ended.
func (c *Client) Transient(err error) bool {
	var status apierrors.APIStatus
	request, failed := errors.AsType[*url.Error](err)
	switch {
	case errors.As(err, &status):
		code := status.Status().Code
		return code == http.StatusTooManyRequests || code >= http.StatusInternalServerError
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), utilnet.IsConnectionReset(err):
		return true
	default:
		return failed && !request.Timeout() && c.reached.Load()
	}
}
