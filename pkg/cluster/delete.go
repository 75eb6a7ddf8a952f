package cluster

import (
	"context"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// Remains are the objects of a router that the cluster holds and that deleting it removes, in the order
// in which they go: clients first, then the pod, then what the pod needs.
type Remains struct {
	namespace, name string
	provisioner     egress.Provisioner
	Objects         []*unstructured.Unstructured
}

// Remains finds what create and expose made of the router name: its EgressRouter, and everything that
// bears its labels. Objects made by another are refused unless adopt is set; what nobody labelled stays.
func (c *Client) Remains(ctx context.Context, namespace, name string, asked egress.Provisioner, adopt bool) (*Remains, error) {
	r := &Remains{namespace: namespace, name: name, provisioner: egress.Standalone}
	cr, err := c.egressRouter(ctx, namespace, name, asked)
	if err != nil {
		return nil, err
	}
	if cr != nil {
		if owner := c.foreign(cr, name); owner != "" && !adopt {
			return nil, fmt.Errorf("%s in namespace %s was made by %s: pass --adopt to delete it all the same", Name(cr), namespace, owner)
		}
		r.provisioner = egress.Operator
	}
	labelled, err := c.labelled(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	r.Objects = append(r.Objects, labelled.of("Service")...)
	if cr != nil {
		r.Objects = append(r.Objects, cr)
		return r, nil
	}
	r.Objects = append(r.Objects, labelled.of("Deployment")...)
	r.Objects = append(r.Objects, labelled.of("NetworkAttachmentDefinition")...)
	return r, nil
}

// egressRouter reads the EgressRouter name, or nil where there is none, or none to look for.
func (c *Client) egressRouter(ctx context.Context, namespace, name string, asked egress.Provisioner) (*unstructured.Unstructured, error) {
	if asked == egress.Standalone {
		return nil, nil
	}
	cr, err := c.dynamic.Resource(egress.Resource).Namespace(namespace).Get(ctx, name, getOptions())
	switch {
	case err == nil:
		return cr, nil
	case isNotFound(err) && (asked == egress.Auto || !notServed(err)):
		return nil, nil
	default:
		return nil, explain(err, "get", egress.Resource, namespace)
	}
}

type objects []*unstructured.Unstructured

func (o objects) of(kind string) objects {
	var out objects
	for _, object := range o {
		if object.GetKind() == kind {
			out = append(out, object)
		}
	}
	return out
}

// labelled lists what bears the labels of the router name.
func (c *Client) labelled(ctx context.Context, namespace, name string) (objects, error) {
	var out objects
	for _, gvr := range []schema.GroupVersionResource{core("services"), deployments(), nads()} {
		list, err := c.dynamic.Resource(gvr).Namespace(namespace).List(ctx, metav1.ListOptions{LabelSelector: labels.FormatLabels(egress.Labels(name))})
		if notServed(err) {
			continue
		}
		if err != nil {
			return nil, explain(err, "list", gvr, namespace)
		}
		for i := range list.Items {
			out = append(out, &list.Items[i])
		}
	}
	return out, nil
}

// Delete deletes the objects of r, telling done of each. What is gone already is no fault.
func (c *Client) Delete(ctx context.Context, r *Remains, dryRun bool, done func(*unstructured.Unstructured)) error {
	for _, object := range r.Objects {
		gvr, err := resourceOf(object.GetKind())
		if err != nil {
			return err
		}
		uid := object.GetUID()
		background := metav1.DeletePropagationBackground
		options := metav1.DeleteOptions{PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &uid}}
		if dryRun {
			options.DryRun = []string{metav1.DryRunAll}
		}
		err = c.dynamic.Resource(gvr).Namespace(r.namespace).Delete(ctx, object.GetName(), options)
		if err != nil && !isNotFound(err) {
			return fmt.Errorf("deleting %s: %w", Name(object), explain(err, "delete", gvr, r.namespace))
		}
		done(object)
	}
	return nil
}

// WaitGone waits until nothing of r is left: what was deleted, what the operator made of it, and its pods.
func (c *Client) WaitGone(ctx context.Context, r *Remains, timeout time.Duration, say func(reason string)) error {
	selections := []selection{
		{gvr: core("services"), labels: labels.FormatLabels(egress.Labels(r.name))},
		{gvr: deployments(), name: r.provisioner.DeploymentName(r.name)},
		{gvr: core("pods"), labels: labels.FormatLabels(r.provisioner.PodLabels(r.name))},
		{gvr: nads(), name: r.provisioner.NADName(r.name)},
	}
	if r.provisioner == egress.Operator {
		selections = append(selections, selection{gvr: egress.Resource, name: r.name})
	}
	reasons := &reasons{say: say}
	err := c.within(ctx, timeout, r.namespace, selections, func(lists [][]*unstructured.Unstructured) (bool, error) {
		reason := r.left(lists)
		reasons.now(reason)
		return reason == "", nil
	})
	return timedOut(ctx, err, "egress router "+r.namespace+"/"+r.name+" to be gone", timeout, func() string { return reasons.last })
}

// left names what of r is still there, or "".
func (r *Remains) left(lists [][]*unstructured.Unstructured) string {
	shared := r.shared(lists)
	var names []string
	for _, list := range lists {
		for _, object := range list {
			if !shared || object.GetKind() == "Service" || object.GetKind() == egress.Kind.Kind {
				names = append(names, Name(object))
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	return strings.Join(names, ", ") + " still there"
}

// shared tells whether NAD, Deployment and pods belong to another router: the operator gives those of all
// routers in a namespace the same names.
func (r *Remains) shared(lists [][]*unstructured.Unstructured) bool {
	if r.provisioner == egress.Standalone {
		return false
	}
	for _, list := range lists {
		for _, object := range list {
			for _, owner := range object.GetOwnerReferences() {
				if owner.Kind == egress.Kind.Kind && owner.Name != r.name {
					return true
				}
			}
		}
	}
	return false
}
