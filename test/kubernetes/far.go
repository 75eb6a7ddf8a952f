//go:build linux

package kubernetes

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/vishvananda/netns"
)

// far are the servers outside. Each tells a client which address and which MAC it has, and where it came to.
type far struct {
	web    []*http.Server
	udp    []net.PacketConn
	narrow netns.NsHandle
}

// startFar starts the servers: HTTP on ports 80 and 8443, UDP on port 53, on every far address, and one HTTP server
// beyond a narrow network.
func startFar() (*far, error) {
	f := &far{narrow: netns.None()}
	for _, address := range []string{far1, far2} {
		for _, port := range []string{"80", "8443"} {
			if err := f.serveWeb(net.JoinHostPort(address, port)); err != nil {
				return nil, errors.Join(err, f.Close())
			}
		}
		if err := f.serveUDP(net.JoinHostPort(address, "53")); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	if err := f.startNarrow(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// describe is what a server says to the client at remote.
func describe(remote net.Addr, here string) string {
	host, _, err := net.SplitHostPort(remote.String())
	if err != nil {
		return err.Error() + "\n"
	}
	mac, err := macOf(net.ParseIP(host))
	if err != nil {
		return err.Error() + "\n"
	}
	return fmt.Sprintf("%s sees %s at %s\n", here, host, mac)
}

func (f *far) serveWeb(address string) error {
	listener, err := net.Listen("tcp4", address)
	if err != nil {
		return fmt.Errorf("starting a server outside: %w", err)
	}
	server := &http.Server{
		ReadHeaderTimeout: time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			remote, err := net.ResolveTCPAddr("tcp4", r.RemoteAddr)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			_, _ = fmt.Fprint(w, describe(remote, "http://"+address))
		}),
	}
	f.web = append(f.web, server)
	go func() { _ = server.Serve(listener) }() // it ends by Close
	return nil
}

func (f *far) serveUDP(address string) error {
	conn, err := net.ListenPacket("udp4", address)
	if err != nil {
		return fmt.Errorf("starting a server outside: %w", err)
	}
	f.udp = append(f.udp, conn)
	go func() {
		buffer := make([]byte, 1500)
		for {
			_, remote, err := conn.ReadFrom(buffer)
			if err != nil {
				return // it was closed
			}
			_, _ = conn.WriteTo([]byte(describe(remote, "udp://"+address)), remote)
		}
	}()
	return nil
}

// Close ends the servers.
func (f *far) Close() error {
	var errs []error
	for _, server := range f.web {
		errs = append(errs, server.Close())
	}
	for _, conn := range f.udp {
		errs = append(errs, conn.Close())
	}
	if f.narrow.IsOpen() {
		errs = append(errs, f.narrow.Close())
	}
	return errors.Join(errs...)
}
