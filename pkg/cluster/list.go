package cluster

import (
	"context"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/pager"
)

// pageSize is how many objects a list asks for at a time.
const pageSize = 500

// selector writes a set of labels as a request has it.
func selector(set map[string]string) string { return labels.FormatLabels(set) }

// list reads what s selects in a namespace, or with "" in all.
func (c *Client) list(ctx context.Context, s selection, namespace string) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	err := c.eachPage(ctx, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		s.narrow(&o)
		return c.dynamic.Resource(s.gvr).Namespace(namespace).List(ctx, o)
	}, func(object runtime.Object) error {
		if u, ok := object.(*unstructured.Unstructured); ok {
			out = append(out, u)
		}
		return nil
	})
	return out, err
}

// eachPage calls each with the objects of a list, page by page.
func (c *Client) eachPage(ctx context.Context, list pager.ListPageFunc, each func(runtime.Object) error) error {
	pages := pager.New(func(ctx context.Context, o metav1.ListOptions) (page runtime.Object, err error) {
		err = c.retry(ctx, func() error {
			page, err = list(ctx, o)
			return err
		})
		return page, err
	})
	pages.PageSize = pageSize
	return pages.EachListItem(ctx, metav1.ListOptions{}, each)
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

// readBuiltin reads a page of a list into the list given.
func (c *Client) readBuiltin(ctx context.Context, gvr schema.GroupVersionResource, namespace string, o metav1.ListOptions, into runtime.Object) error {
	request := c.builtin.Get().AbsPath("/apis", gvr.Group, gvr.Version)
	if gvr.Group == "" {
		request = c.builtin.Get().AbsPath("/api", gvr.Version)
	}
	if namespace != "" {
		request = request.Suffix("namespaces", namespace)
	}
	return request.Suffix(gvr.Resource).
		SpecificallyVersionedParams(&o, scheme.ParameterCodec, schema.GroupVersion{Version: "v1"}).
		Do(ctx).Into(into)
}
