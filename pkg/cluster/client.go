// Package cluster is the only package that talks to the Kubernetes API: it reads, applies, waits and deletes.
package cluster

import (
	"context"
	"fmt"
	"sync/atomic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// Client talks to one cluster.
type Client struct {
	dynamic  dynamic.Interface
	metadata metadata.Interface
	// builtin reads Kubernetes' own types, in protobuf, which costs a fraction of JSON.
	builtin   rest.Interface
	discovery *discovery.DiscoveryClient
	// manager is the field manager of server-side apply.
	manager string
	// reached tells that the server has answered before.
	reached atomic.Bool
}

// New makes a Client that applies as the field manager given. It sends nothing yet.
func New(cfg *rest.Config, manager string) (*Client, error) {
	httpClient, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("preparing the connection to the cluster: %w", err)
	}
	dyn, err := dynamic.NewForConfigAndClient(cfg, httpClient)
	if err != nil {
		return nil, fmt.Errorf("preparing the connection to the cluster: %w", err)
	}
	meta, err := metadata.NewForConfigAndClient(cfg, httpClient)
	if err != nil {
		return nil, fmt.Errorf("preparing the connection to the cluster: %w", err)
	}
	disco, err := discovery.NewDiscoveryClientForConfigAndClient(cfg, httpClient)
	if err != nil {
		return nil, fmt.Errorf("preparing the connection to the cluster: %w", err)
	}
	builtin, err := builtinClient(cfg, httpClient)
	if err != nil {
		return nil, fmt.Errorf("preparing the connection to the cluster: %w", err)
	}
	return &Client{dynamic: dyn, metadata: meta, builtin: builtin, discovery: disco, manager: manager}, nil
}

// Provisioner settles asked: Auto is Operator where the EgressRouter API is served, else Standalone.
func (c *Client) Provisioner(ctx context.Context, asked egress.Provisioner) (egress.Provisioner, error) {
	if asked != egress.Auto {
		return asked, nil
	}
	var served *bool
	err := c.retry(ctx, func() (err error) {
		served, err = c.served(ctx, egress.Resource)
		return err
	})
	switch {
	case err != nil:
		return "", err
	case *served:
		return egress.Operator, nil
	default:
		return egress.Standalone, nil
	}
}

// get reads one object; nil where there is none. A kind that is not served is an error.
func (c *Client) get(ctx context.Context, k Kind, namespace, name string) (*unstructured.Unstructured, error) {
	r := all(k).only(name)
	found, err := list[*unstructured.Unstructured](ctx, c, r, namespace)
	switch {
	case err == nil:
		return found[0], nil
	case isNotFound(err) && !notServed(err):
		return nil, nil
	default:
		return nil, r.explain(err, namespace)
	}
}

func getOptions() metav1.GetOptions { return metav1.GetOptions{} }
