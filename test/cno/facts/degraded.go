package facts

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	netopv1 "github.com/openshift/api/networkoperator/v1"
)

const (
	// Resync is the time between two applies of a router that is well.
	Resync = 5 * time.Minute
	// DegradedAfter is how long routers must fail before ClusterOperator network says so, where it waits at all. Then it is
	// said at the next reconcile of any router, and renewed no sooner than after that time again.
	DegradedAfter = 2 * time.Minute
	// DegradedReason is the reason of Degraded where a router is the cause.
	DegradedReason = "EgressRouterError"

	retryFirst = 5 * time.Millisecond
	retryLast  = 1000 * time.Second
)

// Retry is the pause after a router's n-th failure in a row, from 1 on.
func Retry(n int) time.Duration {
	if n > 18 {
		return retryLast
	}
	return min(retryFirst<<(n-1), retryLast)
}

// Debounces reports whether the operator of an OpenShift release such as 4.22.1 waits before it is Degraded: from 4.22 on.
// Up to 4.21 it is at the first failure.
func Debounces(release string) bool {
	major, rest, _ := strings.Cut(release, ".")
	minor, _, _ := strings.Cut(rest, ".")
	m, err := strconv.Atoi(minor)
	return err == nil && (major != "4" || m >= 22)
}

// RenderError is what the operator says of a router that it cannot render, or nil. It looks at the first address alone, and
// asks less than the plugin: an IPv6 address, or a gateway off the subnet, passes here and fails on the node.
func RenderError(router *netopv1.EgressRouterSpec) error {
	if len(router.Addresses) == 0 {
		return errors.New("Error: router without addresses") //nolint:staticcheck // the operator's own words
	}
	key := ""
	if net.ParseIP(router.Addresses[0].Gateway) == nil {
		key = "Gateway"
	}
	if _, _, err := net.ParseCIDR(router.Addresses[0].IP); err != nil {
		key = "Addresses" // the template comes to it first
	}
	if key == "" {
		return nil
	}
	const file = "bindata/egress-router/000-nad.yaml"
	return fmt.Errorf("failed to render file %s: failed to render manifest %s: template: %s:14:13: executing %q at <.%s>: map has no entry for key %q",
		file, file, file, file, key, key)
}

// ApplyError is what the operator says where the API server refuses its Deployment.
func ApplyError(namespace string, err error) error {
	return fmt.Errorf("failed to apply / update (apps/v1, Kind=Deployment) %s/%s: %w", namespace, DeploymentName, err)
}

// Immutable is how the API server's refusal ends where somebody else has made a Deployment of that name, with another
// selector.
const Immutable = "field is immutable"

// Message is what the operator says of a router, as namespace/name.
func Message(key string, err error) string {
	return fmt.Sprintf("could not reconcile Egress Router %s: %v", key, err)
}

// Unrenderable are addresses of routers that the operator cannot render, by what is wrong with them.
func Unrenderable() map[string][]netopv1.EgressRouterAddress {
	return map[string][]netopv1.EgressRouterAddress{
		"no prefix":     {{IP: "192.168.12.99", Gateway: "192.168.12.1"}},
		"no IP address": {{IP: "partner-a/24", Gateway: "192.168.12.1"}},
		"no gateway":    {{IP: "192.168.12.99/24"}},
		"no address":    {},
	}
}
