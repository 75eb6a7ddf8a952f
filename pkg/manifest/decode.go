package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	nov1 "github.com/openshift/api/networkoperator/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// decodeRouter reads document strictly and refuses what the API server would refuse. What a server adds
// to an object (status, UID, managed fields) is dropped, so that the output of "get -o yaml" is input.
func decodeRouter(document json.RawMessage) (*nov1.EgressRouter, error) {
	var r nov1.EgressRouter
	strict, err := kjson.UnmarshalStrict(document, &r)
	if err != nil {
		return nil, readable(err)
	}
	if len(strict) > 0 {
		return nil, errors.Join(strict...)
	}
	if r.Name == "" {
		return nil, fmt.Errorf("the EgressRouter has no metadata.name")
	}
	if err := egress.ValidateName(r.Name); err != nil {
		return nil, fmt.Errorf("metadata.%w", err)
	}
	r.ObjectMeta = metav1.ObjectMeta{Name: r.Name, Namespace: r.Namespace, Labels: r.Labels, Annotations: r.Annotations}
	delete(r.Annotations, corev1.LastAppliedConfigAnnotation)
	r.Status = nov1.EgressRouterStatus{}
	if r.Spec.Redirect == nil {
		return nil, fmt.Errorf("EgressRouter %s: spec.redirect is missing, and the API server refuses that: give it redirectRules, or write redirect: {} for none", r.Name)
	}
	egress.SetDefaults(&r)
	if errs := egress.ValidateSchema(&r); len(errs) > 0 {
		return nil, fmt.Errorf("EgressRouter %s: %w", r.Name, errs.ToAggregate())
	}
	return &r, nil
}

// readable says in a file's words what the JSON decoder says in Go's.
func readable(err error) error {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return err
	}
	want := wrong.Type.String()
	switch {
	case strings.HasPrefix(want, "int"):
		want = "a whole number"
	case want == "string":
		want = "a text"
	case strings.HasPrefix(want, "[]"):
		want = "a list"
	default:
		want = "an object"
	}
	if wrong.Field == "" {
		return fmt.Errorf("%s where %s belongs", wrong.Value, want)
	}
	return fmt.Errorf("%s: %s where %s belongs", wrong.Field, wrong.Value, want)
}
