package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// API is one that egress routers need.
type API struct {
	GroupVersion string `json:"groupVersion"`
	// Served is nil where the cluster did not say.
	Served *bool `json:"served"`
}

// Version is what a cluster says of itself.
type Version struct {
	// Server is nil where the cluster did not say.
	Server                      *version.Info
	EgressRouter                API
	NetworkAttachmentDefinition API
}

// Version asks the cluster for its version and for the APIs of egress routers: three requests, side by
// side, none of them repeated, since this is what people run to see whether the cluster answers. What was
// learnt is returned with the error too.
func (c *Client) Version(ctx context.Context) (Version, error) {
	v := Version{
		EgressRouter:                API{GroupVersion: egress.Resource.GroupVersion().String()},
		NetworkAttachmentDefinition: API{GroupVersion: NADs.GVR().GroupVersion().String()},
	}
	var asked sync.WaitGroup
	var server, routers, networks error
	asked.Go(func() {
		v.Server, server = c.discovery.ServerVersionWithContext(ctx)
		if server != nil {
			server = fmt.Errorf("asking the cluster for its version: %w", Explain(server, "get", schema.GroupVersionResource{}, ""))
		}
	})
	asked.Go(func() { v.EgressRouter.Served, routers = c.Served(ctx, egress.Resource) })
	asked.Go(func() { v.NetworkAttachmentDefinition.Served, networks = c.Served(ctx, NADs.GVR()) })
	asked.Wait()
	if server != nil {
		// One reason is enough: a cluster that cannot be reached answers none of the three.
		return v, server
	}
	return v, errors.Join(routers, networks)
}

// Served reports whether the cluster knows a resource; nil with an error.
func (c *Client) Served(ctx context.Context, gvr schema.GroupVersionResource) (*bool, error) {
	list, err := c.discovery.ServerResourcesForGroupVersionWithContext(ctx, gvr.GroupVersion().String())
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("asking whether the cluster serves %s: %w", gvr.GroupResource(), Explain(err, "get", gvr, ""))
	}
	// The group may have other kinds: only the resource itself counts.
	found := err == nil && lists(list, gvr)
	return &found, nil
}

// Groups are the API groups that the cluster serves; nil where that may not be asked.
func (c *Client) Groups(ctx context.Context) (map[string]bool, error) {
	var groups metav1.APIGroupList
	err := c.Retry(ctx, func() error { return c.discovery.RESTClient().Get().AbsPath("/apis").Do(ctx).Into(&groups) })
	switch {
	case apierrors.IsForbidden(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("asking which APIs the cluster serves: %w", err)
	}
	served := map[string]bool{}
	for _, group := range groups.Groups {
		served[group.Name] = true
	}
	return served, nil
}

// Unserved reports whether a "forbidden" is about EgressRouters that the cluster does not even serve: who has no rights is
// told nothing else.
func (c *Client) Unserved(ctx context.Context, err error) bool {
	if !apierrors.IsForbidden(err) {
		return false
	}
	served, err := c.Served(ctx, egress.Resource)
	return err == nil && !*served
}

func lists(list *metav1.APIResourceList, gvr schema.GroupVersionResource) bool {
	return slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Name == gvr.Resource })
}
