package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/test/apiproxy"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// bulk compares applying many routers, each in a namespace of its own: new ones, then the same again.
func (b *bench) bulk(ctx context.Context, routers, pairs int) error {
	fmt.Fprintf(os.Stderr, "bench: making %d namespaces\n", routers)
	c, err := kube.NewClient(b.cluster.Config)
	if err != nil {
		return err
	}
	if err := namespaces(ctx, c, routers); err != nil {
		return err
	}
	file := filepath.Join(b.dir, "routers.yaml")
	if err := os.WriteFile(file, []byte(manifests(routers)), 0o600); err != nil {
		return err
	}
	ours := []string{"create", "-f", file, "--provisioner=operator", "--adopt", "--force-conflicts"}
	theirs := []string{"apply", "--server-side", "--force-conflicts", "-f", file}
	var first, again series
	for range pairs {
		if err := first.pair(ctx, b, ours, theirs, func() error { return b.clear(ctx, c, routers) }); err != nil {
			return err
		}
	}
	fmt.Println(first.String(fmt.Sprintf("%d new routers", routers)))
	// Both have applied every router by now or do so here, so that neither finds anything to change.
	if _, err := b.time(ctx, b.cluster.Kubeconfig, b.egress, ours...); err != nil {
		return err
	}
	for range pairs {
		if err := again.pair(ctx, b, ours, theirs, nil); err != nil {
			return err
		}
	}
	fmt.Println(again.String(fmt.Sprintf("%d unchanged routers", routers)))
	return b.requests(ctx, c, routers, ours)
}

// requests counts what the command sends, through a proxy, in runs that are not timed.
func (b *bench) requests(ctx context.Context, c client.Client, routers int, ours []string) (err error) {
	proxy, err := apiproxy.Start(b.cluster.Config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, proxy.Close()) }()
	kubeconfig, err := proxy.Kubeconfig(b.dir)
	if err != nil {
		return err
	}
	if err := b.clear(ctx, c, routers); err != nil {
		return err
	}
	var counts []string
	for _, what := range []string{"new", "unchanged"} {
		proxy.Reset()
		if _, err := b.time(ctx, kubeconfig, b.egress, ours...); err != nil {
			return err
		}
		counts = append(counts, fmt.Sprintf("%d for %d %s", len(proxy.Requests()), routers, what))
	}
	fmt.Printf("requests: %s\n", strings.Join(counts, ", "))
	return nil
}

func namespace(i int) string { return fmt.Sprintf("bench-%05d", i) }

func namespaces(ctx context.Context, c client.Client, n int) error {
	return each(n, func(i int) error {
		return client.IgnoreAlreadyExists(c.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace(i)}}))
	})
}

// clear deletes every router, so that the next run finds none.
func (b *bench) clear(ctx context.Context, c client.Client, n int) error {
	return each(n, func(i int) error {
		return c.DeleteAllOf(ctx, &nov1.EgressRouter{}, client.InNamespace(namespace(i)))
	})
}

func each(n int, do func(int) error) error {
	var group errgroup.Group
	group.SetLimit(16)
	for i := range n {
		group.Go(func() error { return do(i) })
	}
	return group.Wait()
}

func manifests(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `---
apiVersion: network.operator.openshift.io/v1
kind: EgressRouter
metadata:
  name: partner
  namespace: %s
spec:
  mode: Redirect
  networkInterface:
    macvlan:
      mode: Bridge
  addresses:
  - ip: 10.%d.%d.%d/8
    gateway: 10.255.255.254
  redirect:
    redirectRules:
    - destinationIP: 203.0.113.26
      port: 8080
      protocol: TCP
      targetPort: 80
`, namespace(i), (i+1)>>16, (i+1)>>8&255, (i+1)&255)
	}
	return b.String()
}
