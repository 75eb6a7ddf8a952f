package cluster

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// ErrNotFound is returned where no router has the name asked for.
var ErrNotFound = errors.New("not found")

// NotServed tells a resource that the API server does not know from an object that does not exist.
func NotServed(err error) bool {
	return apierrors.IsNotFound(err) && apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

// explained is a server's error in words that a person can act on; errors.Is and As see the server's.
type explained struct {
	text  string
	cause error
}

func (e *explained) Error() string { return e.text }

func (e *explained) Unwrap() error { return e.cause }

// Explain says what a person can do about err, where the server's own words leave that open.
func Explain(err error, verb string, gvr schema.GroupVersionResource, namespace string) error {
	var status apierrors.APIStatus
	var request *url.Error
	switch {
	case err == nil:
		return nil
	case apierrors.IsForbidden(err):
		return forbidden(err, verb, gvr, namespace)
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("the cluster does not accept the credentials of the kubeconfig: log in again: %w", err)
	case NotServed(err):
		return &explained{unserved(gvr), err}
	case apierrors.IsNotFound(err) && errors.As(err, &status) && status.Status().Details != nil && status.Status().Details.Kind == "namespaces":
		return &explained{fmt.Sprintf("namespace %s does not exist: create it, or name another with -n", namespace), err}
	case errors.As(err, &request) && unreachable(err):
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

func unreachable(err error) bool {
	var operation *net.OpError
	var name *net.DNSError
	return errors.As(err, &operation) || errors.As(err, &name)
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
