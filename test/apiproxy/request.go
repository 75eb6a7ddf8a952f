package apiproxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
)

// Request is one request as it came to the proxy.
type Request struct {
	Method string
	Path   string
	Query  string // as sent, without the question mark
	Status int    // of the answer; 0 while there is none
	DryRun bool   // the request asks the server to store nothing
}

// newRequest reads what is to be noted of r. The body of a deletion is read too, and put back: there,
// not in the query, client-go says that it is a dry run.
func newRequest(r *http.Request) (*Request, error) {
	dryRun := r.URL.Query().Has("dryRun")
	if r.Method == http.MethodDelete && !dryRun && r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, fmt.Errorf("reading the options of a deletion: %w", err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		dryRun = deletesNothing(body)
	}
	return &Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, DryRun: dryRun}, nil
}

// deletesNothing reports whether body, JSON or protobuf, is that of a deletion's dry run.
func deletesNothing(body []byte) bool {
	var options metav1.DeleteOptions
	if json.Unmarshal(body, &options) == nil {
		return len(options.DryRun) > 0
	}
	_, _, err := clientgoscheme.Codecs.UniversalDeserializer().Decode(body, nil, &options)
	return err == nil && len(options.DryRun) > 0
}

// Write reports whether the request was to change what the server stores. Reviews, such as the question
// whether a user may do something, are POSTs that store nothing.
func (r Request) Write() bool {
	switch r.Method {
	case http.MethodPost:
		return !r.DryRun && !strings.HasPrefix(r.Path, "/apis/authorization.k8s.io/") && !strings.HasPrefix(r.Path, "/apis/authentication.k8s.io/")
	case http.MethodPut, http.MethodPatch, http.MethodDelete:
		return !r.DryRun
	}
	return false
}

// String is the request line and the answer's status, as a failing test prints it.
func (r Request) String() string {
	target := url.URL{Path: r.Path, RawQuery: r.Query}
	return fmt.Sprintf("%s %s %d", r.Method, target.String(), r.Status)
}
