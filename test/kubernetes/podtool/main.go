// Command podtool is what runs in the pods of a test cluster: it stays up, or it talks to a server.
//
//	podtool pause              stays up until it is told to end
//	podtool get URL            prints what an HTTP server answers
//	podtool post URL BYTES     sends so many bytes and prints what an HTTP server answers
//	podtool udp HOST:PORT      sends a datagram and prints the answer
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// patience is how long a server may take to answer.
const patience = 3 * time.Second

func main() {
	if err := run(os.Args[1:]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "podtool:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "pause":
		done := make(chan os.Signal, 1)
		signal.Notify(done, syscall.SIGTERM, syscall.SIGINT)
		<-done
		return nil
	case len(args) == 2 && args[0] == "get":
		return web(http.MethodGet, args[1], nil)
	case len(args) == 3 && args[0] == "post":
		size, err := strconv.Atoi(args[2])
		if err != nil {
			return fmt.Errorf("reading how many bytes: %w", err)
		}
		return web(http.MethodPost, args[1], bytes.NewReader(make([]byte, size)))
	case len(args) == 2 && args[0] == "udp":
		return udp(args[1])
	}
	return errors.New("usage: podtool pause, podtool get URL, podtool post URL BYTES, or podtool udp HOST:PORT")
}

func web(method, url string, body io.Reader) error {
	request, err := http.NewRequest(method, url, body)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: patience}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	_, err = io.Copy(os.Stdout, answer.Body)
	return err
}

func udp(address string) error {
	conn, err := net.Dial("udp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("who am I?")); err != nil {
		return err
	}
	buffer := make([]byte, 1500)
	n, err := conn.Read(buffer)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(buffer[:n])
	return err
}
