package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestTransient(t *testing.T) {
	resource := schema.GroupResource{Resource: "services"}
	answer := func(code int) error {
		return apierrors.NewGenericServerResponse(code, "get", resource, "a", "text of a proxy", 0, true)
	}
	refused := &url.Error{Op: "Get", URL: "https://x", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
	tests := []struct {
		name    string
		err     error
		reached bool
		want    bool
	}{
		{"busy", answer(http.StatusTooManyRequests), true, true},
		{"broken", answer(http.StatusInternalServerError), true, true},
		{"away behind a proxy", answer(http.StatusBadGateway), true, true},
		{"not served", answer(http.StatusNotFound), true, false},
		{"not there", apierrors.NewNotFound(resource, "a"), true, false},
		{"forbidden", apierrors.NewForbidden(resource, "a", errors.New("no")), true, false},
		{"a conflict", apierrors.NewApplyConflict([]metav1.StatusCause{{}}, "no"), true, false},
		{"cut", fmt.Errorf("reading: %w", io.ErrUnexpectedEOF), true, true},
		{"reset", &url.Error{Op: "Get", URL: "https://x", Err: syscall.ECONNRESET}, true, true},
		{"restarting", refused, true, true},
		{"never reached", refused, false, false},
		{"closed while idle", &url.Error{Op: "Patch", URL: "https://x", Err: errors.New("http: server closed idle connection")}, true, true},
		{"interrupted", &url.Error{Op: "Patch", URL: "https://x", Err: context.Canceled}, true, false},
		{"unknown to begin with", &url.Error{Op: "Get", URL: "https://x", Err: errors.New("x509: unknown authority")}, false, false},
		{"anything else", errors.New("x509: unknown authority"), true, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := &Client{}
			c.reached.Store(test.reached)
			if got := c.Transient(test.err); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
