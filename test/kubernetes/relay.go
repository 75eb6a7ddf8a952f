//go:build linux

package kubernetes

import (
	"context"
	"fmt"
	"io"
	"net"
)

// relay passes connections to address on to another until ctx ends: the API server listens on loopback, where
// no node could reach it.
func relay(ctx context.Context, address, to string) error {
	listener, err := net.Listen("tcp4", address)
	if err != nil {
		return fmt.Errorf("relaying to the API server: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // it was closed
			}
			go pass(ctx, conn, to)
		}
	}()
	return nil
}

// pass carries what both ends of a connection say until one has no more to say.
func pass(ctx context.Context, from net.Conn, address string) {
	defer func() { _ = from.Close() }()
	var dialer net.Dialer
	to, err := dialer.DialContext(ctx, "tcp4", address)
	if err != nil {
		return // who asked sees the connection closed, and asks again
	}
	defer func() { _ = to.Close() }()
	done := make(chan struct{}, 2)
	carry := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		done <- struct{}{}
	}
	go carry(to, from)
	go carry(from, to)
	<-done
}
