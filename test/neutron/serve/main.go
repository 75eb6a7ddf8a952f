// Command serve starts a real Keystone and Neutron on 127.0.0.1, says how to talk to them, and ends them
// when it is interrupted.
//
//	go run ./test/neutron/serve -nodes 10
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/kubectl-egress/kubectl-egress/test/neutron"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	o := neutron.Options{Log: os.Stderr}
	flag.IntVar(&o.Nodes, "nodes", 10, "how many nodes get a port")
	flag.IntVar(&o.MaxPairs, "max-pairs", neutron.DefaultMaxPairs, "how many address pairs a port may have")
	flag.BoolVar(&o.Trunk, "trunk", false, "make the port of the first node a trunk with a VLAN")
	flag.BoolVar(&o.NewPolicy, "new-policy", false, "the access rules of later releases: a reader writes nothing")
	flag.StringVar(&o.Dir, "dir", "", "the folder for the servers' files (default: a temporary one)")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	n, err := neutron.Start(ctx, o)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := n.Close(); err == nil {
			err = closeErr
		}
	}()
	// On stdout, so that a script can take it over.
	fmt.Println("export", strings.Join(n.Env(n.Clouds.Owner), " "))
	fmt.Fprintf(os.Stderr, "interrupt to end, or: kill %d\n", os.Getpid())
	<-ctx.Done()
	return nil
}
