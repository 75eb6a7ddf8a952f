package apply

import (
	nov1 "github.com/openshift/api/networkoperator/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
)

// noteRules notes on object, an EgressRouter, which rules its pod must start with, where applying it changes the rules
// of live. It goes with the change in one request: a run that ends before the pod was restarted is completed by the
// next, which finds the note. Where nothing changes, the note stays as it is.
func noteRules(object, live *unstructured.Unstructured) error {
	if object.GetKind() != egress.Kind.Kind || live == nil {
		return nil
	}
	want, err := rulesHash(object)
	if err != nil {
		return err
	}
	note := live.GetAnnotations()[egress.AnnotationRules]
	if is, err := rulesHash(live); err == nil && is != want {
		note = want
	}
	if note == "" {
		return nil
	}
	annotations := object.GetAnnotations()
	metadata := metav1.ObjectMeta{Annotations: annotations}
	metav1.SetMetaDataAnnotation(&metadata, egress.AnnotationRules, note)
	object.SetAnnotations(metadata.Annotations)
	return nil
}

// rulesHash is the hash of what the NAD of an EgressRouter says.
func rulesHash(object *unstructured.Unstructured) (string, error) {
	var r nov1.EgressRouter
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &r); err != nil {
		return "", err
	}
	return render.Want(&r, egress.Operator).Hash(), nil
}
