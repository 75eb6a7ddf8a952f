package finding

import (
	"errors"
	"net"
)

// ExplainedError is a server's error in words that a person can act on; errors.Is and As see the server's.
type ExplainedError struct {
	Text  string
	Cause error
}

// Error returns the words.
func (e *ExplainedError) Error() string { return e.Text }

// Unwrap returns the server's error.
func (e *ExplainedError) Unwrap() error { return e.Cause }

// Unreached reports whether err came before any answer: there was no connection, or no address for the name.
func Unreached(err error) bool {
	_, operation := errors.AsType[*net.OpError](err)
	_, name := errors.AsType[*net.DNSError](err)
	return operation || name
}
