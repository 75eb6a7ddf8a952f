package neutron

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
)

// backlog is how many connections wait to be served.
const backlog = 128

// Outage takes both services away, as when nothing runs on their machine: connections are cut, and new ones refused.
// back has them served again, on the same ports and with all that they know.
func (s *Server) Outage() (back func() error, err error) {
	var backs []func() error
	for _, e := range []*endpoint{s.identity, s.network} {
		again, err := e.outage()
		if err != nil {
			return nil, err
		}
		backs = append(backs, again)
	}
	return func() error { return errors.Join(backs[0](), backs[1]()) }, nil
}

// outage closes e's port. A socket that is bound to it and does not listen keeps it from anyone else, and has
// connections refused.
func (e *endpoint) outage() (back func() error, err error) {
	at, err := netip.ParseAddrPort(strings.TrimPrefix(e.url, "http://"))
	if err != nil {
		return nil, fmt.Errorf("reading the address of %s: %w", e.url, err)
	}
	e.close()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, fmt.Errorf("keeping the port of %s: %w", e.url, err)
	}
	syscall.CloseOnExec(socket)
	err = errors.Join(syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1),
		syscall.Bind(socket, &syscall.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("keeping the port of %s: %w", e.url, err), syscall.Close(socket))
	}
	return func() error {
		file := os.NewFile(uintptr(socket), e.url)
		defer func() { _ = file.Close() }() // the listener has its own copy
		if err := syscall.Listen(socket, backlog); err != nil {
			return fmt.Errorf("listening at %s again: %w", e.url, err)
		}
		listener, err := net.FileListener(file)
		if err != nil {
			return fmt.Errorf("listening at %s again: %w", e.url, err)
		}
		e.serve(listener)
		return nil
	}, nil
}
