package cluster

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// ErrNotFound is returned where no router has the name asked for.
var ErrNotFound = errors.New("not found")

// NotServed tells a resource that the API server does not know from an object that does not exist.
func NotServed(err error) bool {
	return apierrors.IsNotFound(err) && apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

// Explain says what a person can do about err, where the server's own words leave that open.
func Explain(err error, verb string, gvr schema.GroupVersionResource, namespace string) error {
	request, _ := errors.AsType[*url.Error](err)
	switch {
	case err == nil:
		return nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return &finding.ExplainedError{Text: fmt.Sprintf("namespace %s is being deleted: run this again when it is gone and recreated, or name another with -n", namespace), Cause: err}
	case apierrors.IsForbidden(err):
		return forbidden(err, verb, gvr, namespace)
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("the cluster does not accept the credentials of the kubeconfig: log in again: %w", err)
	case NotServed(err):
		return &finding.ExplainedError{Text: unserved(gvr), Cause: err}
	case apierrors.IsNotFound(err) && Details(err).Kind == "namespaces":
		return &finding.ExplainedError{Text: fmt.Sprintf("namespace %s does not exist: create it, or name another with -n", namespace), Cause: err}
	case request != nil && finding.Unreached(err):
		return fmt.Errorf("the cluster at %s cannot be reached: %w", hostOf(request.URL), request.Err)
	}
	return err
}

// forbidden tells a missing right from an admission plugin's refusal, whose words say more than the verb.
func forbidden(err error, verb string, gvr schema.GroupVersionResource, namespace string) error {
	if !strings.Contains(err.Error(), "cannot "+verb) {
		return err
	}
	where := "in the whole cluster"
	if namespace != "" {
		where = "in namespace " + namespace
	}
	return fmt.Errorf("not allowed: %w: ask an administrator for the verb %q on %q %s", err, verb, gvr.GroupResource(), where)
}

// unserved names what the cluster lacks.
func unserved(gvr schema.GroupVersionResource) string {
	switch gvr {
	case egress.Resource:
		return fmt.Sprintf("the cluster does not serve EgressRouters (%s): they are OpenShift's; use --provisioner=standalone, which needs Multus only", gvr.GroupResource())
	case NADs.GVR():
		return fmt.Sprintf("the cluster does not serve NetworkAttachmentDefinitions (%s): install Multus first, without which no pod gets a second interface", gvr.GroupResource())
	default:
		return fmt.Sprintf("the cluster does not serve %s", gvr.GroupResource())
	}
}

// Details are what a server's refusal tells beside its words; empty where there are none.
func Details(err error) metav1.StatusDetails {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Details != nil {
		return *status.Status().Details
	}
	return metav1.StatusDetails{}
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

// Refused reports whether asking again would get the same answer.
func Refused(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || NotServed(err)
}
