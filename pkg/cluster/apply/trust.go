package apply

import (
	"fmt"
	"strings"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// trustBinding is the binding of deploy/trust for what is created.
const trustBinding = "kubectl-egress-grants-create"

// explainTrust says what to do where deploy/trust/deny refuses object because the ConfigMap with the grants is not there.
// The API server answers that by itself, and the policy cannot say more.
func explainTrust(err error, object *unstructured.Unstructured) error {
	if err == nil || !strings.Contains(err.Error(), "'"+trustBinding+"' denied request: failed to configure binding: no params found") {
		return err
	}
	text := fmt.Sprintf("nothing is granted: there is no ConfigMap grants in namespace %s, and %s refuses every new EgressRouter without it", egress.Namespace, trustBinding)
	var r nov1.EgressRouter
	if runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &r) == nil && egress.ReservedIP(&r).Is4() {
		text += fmt.Sprintf(": an administrator grants its address with: kubectl egress grant %s --addresses %s", r.Namespace, egress.ReservedIP(&r))
	}
	return &finding.ExplainedError{Text: text, Cause: err}
}
