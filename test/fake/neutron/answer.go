package neutron

import (
	"encoding/json"
	"errors"
	"net/http"

	"k8s.io/apimachinery/pkg/util/uuid"
)

// answer is what a service says. Without a body nothing is sent but the status.
type answer struct {
	status int
	header map[string]string
	body   any
	html   string // sent in place of body, where the real service answers with a page
}

func (a answer) write(w http.ResponseWriter) {
	var body []byte
	contentType := "application/json"
	switch {
	case a.html != "":
		body, contentType = []byte(a.html), "text/html; charset=UTF-8"
	case a.body != nil:
		var err error
		if body, err = json.Marshal(a.body); err != nil {
			panic(err) // only maps, slices and plain values are put there
		}
	}
	if len(body) > 0 {
		w.Header().Set("Content-Type", contentType)
	}
	w.Header().Set("X-Openstack-Request-Id", "req-"+newUUID())
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // a client that is gone is no fault of ours
}

// neutronError is a refusal in Neutron's form.
type neutronError struct {
	status  int
	kind    string
	message string
}

func (e *neutronError) Error() string { return e.kind + ": " + e.message }

func badRequest(message string) error {
	return &neutronError{http.StatusBadRequest, "HTTPBadRequest", message}
}

func invalidInput(message string) error {
	return &neutronError{http.StatusBadRequest, "InvalidInput", "Invalid input for operation: " + message}
}

func (e *neutronError) answer() answer {
	return answer{status: e.status, body: map[string]any{
		"NeutronError": map[string]any{"type": e.kind, "message": e.message, "detail": ""},
	}}
}

// keystoneError is a refusal in Keystone's form.
type keystoneError struct {
	status  int
	message string
	realm   string // of WWW-Authenticate
}

func (e *keystoneError) Error() string { return e.message }

func (e *keystoneError) answer() answer {
	a := answer{status: e.status, body: map[string]any{
		"error": map[string]any{"code": e.status, "title": http.StatusText(e.status), "message": e.message},
	}}
	if e.realm != "" {
		a.header = map[string]string{"WWW-Authenticate": `Keystone uri="` + e.realm + `"`}
	}
	return a
}

func answerError(err error) answer {
	if e, ok := errors.AsType[*neutronError](err); ok {
		return e.answer()
	}
	if e, ok := errors.AsType[*keystoneError](err); ok {
		return e.answer()
	}
	return (&neutronError{http.StatusInternalServerError, "HTTPInternalServerError", internalError}).answer()
}

// What the services say of causes that they do not name.
const (
	internalError   = "Request Failed: internal server error while processing your request."
	unauthenticated = "The request you have made requires authentication."
)

// newUUID is an ID as Neutron's are; newHex one as Keystone's are, without dashes.
func newUUID() string { return string(uuid.NewUUID()) }

func newHex() string {
	id := newUUID()
	return id[:8] + id[9:13] + id[14:18] + id[19:23] + id[24:]
}
