package cluster

import (
	"context"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// pageSize is how many objects a list asks for at a time.
const pageSize = 500

// Reading is one list of a kind, or one object: what is asked for, and what becomes of the answer.
type Reading struct {
	Kind
	Format Format
	// Labels and Fields are the selectors of a list.
	Labels, Fields string
	// Object is the name of the one object that is read; "" is a list.
	Object string
	// Cached is answered from the server's cache, in one page, and not tried again.
	Cached bool
	// Add adds an object to a Snapshot; nil where the objects themselves are wanted.
	Add func(*snapshot.Snapshot, runtime.Object) error
}

// All reads the objects of a kind whole, as the server holds them.
func All(k Kind) Reading { return Reading{Kind: k, Format: AsUnstructured} }

// MetadataOf reads the metadata of objects of a kind.
func MetadataOf(k Kind) Reading { return Reading{Kind: k, Format: AsMetadata} }

// Reads adds objects of a kind to a Snapshot.
func Reads[T any](k Kind, add func(*snapshot.Snapshot, *T) error) Reading {
	return Reading{Kind: k, Format: k.row().format, Add: func(s *snapshot.Snapshot, object runtime.Object) error {
		if t, ok := any(object).(*T); ok {
			return add(s, t)
		}
		u, ok := object.(*unstructured.Unstructured)
		if !ok {
			return fmt.Errorf("the cluster answered with %T where %T was asked for", object, new(T))
		}
		t := new(T)
		if err := Typed(u, t); err != nil {
			return err
		}
		return add(s, t)
	}}
}

// Typed reads an object into one of its type.
func Typed(from *unstructured.Unstructured, to any) error {
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(from.Object, to); err != nil {
		return fmt.Errorf("reading %s in namespace %s: %w", Name(from), from.GetNamespace(), err)
	}
	return nil
}

// Labelled is r for the objects that have the labels.
func (r Reading) Labelled(with map[string]string) Reading {
	r.Labels = labels.FormatLabels(with)
	return r
}

// Called is the list of r with the object of that name alone: none is an empty list.
func (r Reading) Called(name string) Reading {
	r.Fields = "metadata.name=" + name
	return r
}

// Only is r for the object of that name alone: none is an error.
func (r Reading) Only(name string) Reading {
	r.Object = name
	return r
}

// narrow asks for what r selects alone.
func (r Reading) narrow(o *metav1.ListOptions) {
	o.LabelSelector, o.FieldSelector = r.Labels, r.Fields
}

func (r Reading) verb() string {
	if r.Object != "" {
		return "get"
	}
	return "list"
}

// Explain says what a person can do about err, which reading r in a namespace, or with "" in all, has given.
func (r Reading) Explain(err error, namespace string) error {
	return Explain(err, r.verb(), r.GVR(), namespace)
}

// builtinClient reads Kubernetes' own types as protobuf.
func builtinClient(cfg *rest.Config, httpClient *http.Client) (rest.Interface, error) {
	cfg = rest.CopyConfig(cfg)
	cfg.ContentType = runtime.ContentTypeProtobuf
	cfg.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	cfg.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	cfg.GroupVersion = &schema.GroupVersion{}
	return rest.UnversionedRESTClientForConfigAndClient(cfg, httpClient)
}

// builtinRequest asks for a list of one of Kubernetes' own types.
func (c *Client) builtinRequest(k Kind, namespace string, o metav1.ListOptions) *rest.Request {
	gvr := k.GVR()
	root := "/apis"
	if gvr.Group == "" {
		root = "/api"
	}
	return c.builtin.Get().AbsPath(root, gvr.Group, gvr.Version).NamespaceIfScoped(namespace, namespace != "").Resource(gvr.Resource).
		SpecificallyVersionedParams(&o, scheme.ParameterCodec, metav1.Unversioned)
}

// Page reads one page of r, or its object, in a namespace, or with "" in all.
func (c *Client) Page(ctx context.Context, r Reading, namespace string, o metav1.ListOptions) (runtime.Object, error) {
	r.narrow(&o)
	if r.ClusterWide() {
		namespace = "" // it was asked for by its name, which is the namespace's
	}
	switch {
	case r.Format == AsMetadata && r.Object != "":
		return c.metadata.Resource(r.GVR()).Namespace(namespace).Get(ctx, r.Object, metav1.GetOptions{})
	case r.Format == AsMetadata:
		return c.metadata.Resource(r.GVR()).Namespace(namespace).List(ctx, o)
	case r.Object != "":
		return c.dynamic.Resource(r.GVR()).Namespace(namespace).Get(ctx, r.Object, metav1.GetOptions{})
	case r.Format == AsUnstructured:
		return c.dynamic.Resource(r.GVR()).Namespace(namespace).List(ctx, o)
	}
	list, err := r.emptyList()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", r.GVR().Resource, err)
	}
	return list, c.builtinRequest(r.Kind, namespace, o).Do(ctx).Into(list)
}

// Watch watches r in a namespace, or with "" in all.
func (c *Client) Watch(ctx context.Context, r Reading, namespace string, o metav1.ListOptions) (watch.Interface, error) {
	r.narrow(&o)
	switch r.Format {
	case AsMetadata:
		return c.metadata.Resource(r.GVR()).Namespace(namespace).Watch(ctx, o)
	case AsUnstructured:
		return c.dynamic.Resource(r.GVR()).Namespace(namespace).Watch(ctx, o)
	default:
		o.Watch = true
		return c.builtinRequest(r.Kind, namespace, o).Watch(ctx)
	}
}

// Collect reads r in a namespace, or with "" in all, page by page, so that no page is kept, and adds each object to
// what it returns. A list that takes longer than the server remembers its pages is read again, at once.
func Collect[T any](ctx context.Context, c *Client, r Reading, namespace string, add func(*T, runtime.Object) error) (*T, error) {
	out, err := collectPaged(ctx, c, r, namespace, pageSize, add)
	if apierrors.IsResourceExpired(err) {
		return collectPaged(ctx, c, r, namespace, 0, add)
	}
	return out, err
}

func collectPaged[T any](ctx context.Context, c *Client, r Reading, namespace string, limit int64, add func(*T, runtime.Object) error) (*T, error) {
	out := new(T)
	options := metav1.ListOptions{Limit: limit}
	send := c.Retry
	if r.Cached {
		// Version 0 is whatever the server has in its cache.
		options.Limit, options.ResourceVersion = 0, "0"
		send = func(_ context.Context, send func() error) error { return send() }
	}
	for {
		var page runtime.Object
		err := send(ctx, func() (err error) {
			page, err = c.Page(ctx, r, namespace, options)
			return err
		})
		if err != nil {
			return nil, err
		}
		if r.Object != "" {
			return out, add(out, page)
		}
		if err := meta.EachListItem(page, func(object runtime.Object) error { return add(out, object) }); err != nil {
			return nil, err
		}
		list, err := meta.ListAccessor(page)
		if err != nil {
			return nil, fmt.Errorf("reading a list of %s: %w", r.GVR().Resource, err)
		}
		if options.Continue = list.GetContinue(); options.Continue == "" {
			return out, nil
		}
	}
}

// List reads the objects of r in a namespace, or with "" in all.
func List[T runtime.Object](ctx context.Context, c *Client, r Reading, namespace string) ([]T, error) {
	found, err := Collect(ctx, c, r, namespace, func(out *[]T, object runtime.Object) error {
		t, ok := object.(T)
		if !ok {
			return fmt.Errorf("the cluster answered with %T where %T was asked for", object, t)
		}
		*out = append(*out, t)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return *found, nil
}
