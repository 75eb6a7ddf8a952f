// Command bench compares the built command with kubectl, in pairs in one run on one server, and prints the
// ratios. docs/benchmarks.md says how to read them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"

	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	routers := flag.Int("routers", 500, "how many `ROUTERS` to apply at once")
	crowd := flag.Int("crowd", 1000, "how many `ROUTERS` there are in the cluster that is looked at")
	pairs := flag.Int("pairs", 3, "how many `PAIRS` of runs that apply or look at them")
	flag.Parse()
	if err := run(ctx, *routers, *crowd, *pairs); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, routers, crowd, pairs int) (err error) {
	fmt.Fprintln(os.Stderr, "bench: starting etcd, kube-apiserver and kube-controller-manager")
	cluster, err := kube.Start(ctx, kube.Options{OpenShift: true, Durable: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Stop()) }()
	b, err := newBench(cluster)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if err := b.small(ctx); err != nil {
		return err
	}
	if err := b.bulk(ctx, routers, pairs); err != nil {
		return err
	}
	return b.crowd(ctx, crowd, pairs)
}

// bench is where the runs happen.
type bench struct {
	cluster         *kube.Cluster
	dir             string
	egress, kubectl string
}

func newBench(cluster *kube.Cluster) (*bench, error) {
	kubectl, err := kube.Kubectl()
	if err != nil {
		return nil, err
	}
	egress, err := exec.LookPath("kubectl-egress")
	if err != nil {
		return nil, fmt.Errorf("the command to measure: %w (make bench builds it)", err)
	}
	if egress, err = filepath.Abs(egress); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "kubectl-egress-bench-")
	if err != nil {
		return nil, err
	}
	return &bench{cluster: cluster, dir: dir, egress: egress, kubectl: kubectl}, nil
}

// small compares what a person does all day: each run is a whole process.
func (b *bench) small(ctx context.Context) error {
	const pairs = 15
	router := []string{"create", "partner-a", "--address", "192.168.12.99/24", "--gateway", "192.168.12.1",
		"--redirect", "8080=203.0.113.26:80", "--expose", "--dry-run=client", "-o", "yaml"}
	for _, c := range []struct {
		what         string
		ours, theirs []string
	}{
		{"version --client", []string{"version", "--client"}, []string{"version", "--client"}},
		{"--help", []string{"--help"}, []string{"--help"}},
		{"completion of a name", []string{"__complete", "get", ""}, []string{"__complete", "get", "egressrouters.network.operator.openshift.io", ""}},
		{"a client dry run", router, []string{"create", "deployment", "x", "--image=y", "--dry-run=client", "-o", "yaml"}},
	} {
		var s series
		for range pairs {
			if err := s.pair(ctx, b, c.ours, c.theirs, nil); err != nil {
				return err
			}
		}
		fmt.Println(s.String(c.what))
	}
	return nil
}
