// Package render turns an EgressRouter into the objects that make it work: the EgressRouter itself for
// the operator's provisioner, NAD and Deployment for the standalone one, and the Service. It is pure:
// everything a user gives is set on typed objects and marshalled.
package render

import (
	"encoding/json"
	"fmt"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// Router renders what creating r applies, in the order in which it is applied: the EgressRouter for the
// operator, with what is asked of the operator's Deployment noted on it; NAD and Deployment for the standalone
// provisioner. The Service is rendered apart.
func Router(r *nov1.EgressRouter, provisioner egress.Provisioner, o Options) ([]*unstructured.Unstructured, error) {
	r = withoutNotes(r)
	if provisioner != egress.Standalone {
		cr, err := EgressRouter(r)
		if err != nil {
			return nil, err
		}
		noteSettings(cr, o)
		return []*unstructured.Unstructured{cr}, nil
	}
	nad, err := standaloneNAD(r, o)
	if err != nil {
		return nil, err
	}
	deployment, err := Deployment(r, o)
	if err != nil {
		return nil, err
	}
	return []*unstructured.Unstructured{nad, deployment}, nil
}

// EgressRouter renders r as it was given: names, labels, annotations and spec, without what a server adds.
func EgressRouter(r *nov1.EgressRouter) (*unstructured.Unstructured, error) {
	clean := &nov1.EgressRouter{Spec: *r.Spec.DeepCopy()}
	clean.Name, clean.Namespace = r.Name, r.Namespace
	clean.Labels, clean.Annotations = r.Labels, r.Annotations
	egress.SetDefaults(clean)
	return toUnstructured(clean)
}

// fill reads the skeleton into object; a skeleton that does not fit its type is a mistake in templates.
func fill(skeleton string, object any) error {
	if err := yaml.UnmarshalStrict([]byte(skeleton), object); err != nil {
		return fmt.Errorf("reading a template: %w", err)
	}
	return nil
}

// toUnstructured is object as it is applied and printed: without status and without null times, so that
// nobody's field is claimed that was not set.
func toUnstructured(object runtime.Object) (*unstructured.Unstructured, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, fmt.Errorf("converting %T: %w", object, err)
	}
	delete(content, "status")
	dropNull(content)
	return &unstructured.Unstructured{Object: content}, nil
}

// dropNull removes null values, which Go's zero times become, at any depth.
func dropNull(content map[string]any) {
	for key, value := range content {
		switch v := value.(type) {
		case nil:
			delete(content, key)
		case map[string]any:
			dropNull(v)
		}
	}
}

// marshal is json.Marshal for values that always can be.
func marshal(v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("marshalling %T: %w", v, err)
	}
	return string(data), nil
}
