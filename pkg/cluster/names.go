package cluster

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// projects are what OpenShift shows of the namespaces to people who may not list those.
func projects() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "project.openshift.io", Version: "v1", Resource: "projects"}
}

// RouterNames lists the names of the routers in a namespace, of both provisioners, sorted: two lists of
// metadata, side by side. What the user may not read has no names in it. It is for completion: it is
// answered from the server's cache, and nothing is tried twice.
func (c *Client) RouterNames(ctx context.Context, namespace string) ([]string, error) {
	var operators, standalone []metav1.PartialObjectMetadata
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		operators, err = c.names(ctx, egress.Resource, namespace, nil)
		return err
	})
	group.Go(func() (err error) {
		ours := labels.Set{egress.LabelName: egress.NameValue, egress.LabelManagedBy: egress.ManagedByValue}
		standalone, err = c.names(ctx, deployments(), namespace, ours)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var names []string
	for _, object := range operators {
		names = append(names, object.Name)
	}
	for _, object := range standalone {
		if object.Annotations[egress.AnnotationRouter] != "" {
			names = append(names, object.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// NamespaceNames lists the namespaces; where the user may not, OpenShift's projects, which are those of
// them that the user may see. Like RouterNames it is for completion.
func (c *Client) NamespaceNames(ctx context.Context) ([]string, error) {
	found, err := c.names(ctx, core("namespaces"), "", nil)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		if found, err = c.names(ctx, projects(), "", nil); err != nil {
			return nil, err
		}
	}
	var names []string
	for _, object := range found {
		names = append(names, object.Name)
	}
	slices.Sort(names)
	return names, nil
}

// names lists the metadata of objects; nothing where the resource is not served or not to be read: a user
// without rights is told "forbidden" of a resource that is not served, too.
func (c *Client) names(ctx context.Context, gvr schema.GroupVersionResource, namespace string, selector labels.Set) ([]metav1.PartialObjectMetadata, error) {
	// Version 0 is whatever the server has in its cache.
	options := metav1.ListOptions{LabelSelector: selector.String(), ResourceVersion: "0"}
	list, err := c.metadata.Resource(gvr).Namespace(namespace).List(ctx, options)
	switch {
	case err == nil:
		return list.Items, nil
	case apierrors.IsForbidden(err), notServed(err):
		return nil, nil
	default:
		return nil, explain(err, "list", gvr, namespace)
	}
}
