// Package cluster reaches the Kubernetes API: it holds the client, the table of kinds and the readings of them, what is
// sent again, and what errors say. No package but this one and those below it talks to that API: read fills a Snapshot,
// mirror keeps one up to date, apply applies, restarts, waits and deletes.
package cluster

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
	dyn, err1 := dynamic.NewForConfigAndClient(cfg, httpClient)
	meta, err2 := metadata.NewForConfigAndClient(cfg, httpClient)
	disco, err3 := discovery.NewDiscoveryClientForConfigAndClient(cfg, httpClient)
	builtin, err4 := builtinClient(cfg, httpClient)
	if err := cmp.Or(err1, err2, err3, err4); err != nil {
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
	err := c.Retry(ctx, func() (err error) {
		served, err = c.Served(ctx, egress.Resource)
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

// Get reads one object; nil where there is none. A kind that is not served is an error.
func (c *Client) Get(ctx context.Context, k Kind, namespace, name string) (*unstructured.Unstructured, error) {
	r := All(k).Only(name)
	found, err := List[*unstructured.Unstructured](ctx, c, r, namespace)
	switch {
	case err == nil:
		return found[0], nil
	case apierrors.IsNotFound(err) && !NotServed(err):
		return nil, nil
	default:
		return nil, r.Explain(err, namespace)
	}
}

// Objects reads and writes objects of a kind in a namespace.
func (c *Client) Objects(k Kind, namespace string) dynamic.ResourceInterface {
	return c.dynamic.Resource(k.GVR()).Namespace(namespace)
}

// Manager is the field manager of server-side apply.
func (c *Client) Manager() string { return c.manager }
