package check

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// PodSecurity is EGR208 alone, on the routers of s: what their namespaces would refuse of their Deployments.
func PodSecurity(s *snapshot.Snapshot, o Options) []finding.Finding {
	c := newState(s, o)
	var out []finding.Finding
	for _, r := range s.Routers {
		out = append(out, podSecurity(c, r)...)
	}
	return oncePerNamespace(out)
}

// podSecurity is EGR208: by what the server has refused already, or by what the namespace's labels would make
// it refuse. A namespace without them has the server's default, which nobody may read.
func podSecurity(c *state, r snapshot.Router) []finding.Finding {
	d := c.DeploymentOf(r)
	if d == nil {
		return nil
	}
	fix, label := "create the router again with this version, whose pods pass the restricted level, or give it an image and settings that do", ""
	lenient := c.Caller.Kubectl("", "label", "namespace", r.Namespace, "--overwrite", api.EnforceLevelLabel+"="+string(c.leastLevel(d)))
	if len(d.Routes) > 0 || d.BlocksInbound {
		fix, label = needsAdmin(d)+": leave out what is not needed, or let the namespace have such pods", lenient
	}
	if r.Provisioner != egress.Standalone {
		fix, label = "run the router in a namespace of a more lenient level, or give this one such a level", lenient
	}
	if strings.Contains(d.Failure, "violates PodSecurity") {
		return one(r, finding.PodSecurity,
			sprintf("the pod of Deployment %s was rejected: %s", d.Name, d.Failure),
			"Pod Security admission refuses the pod, so that the Deployment stays without one", fix, label)
	}
	namespace := c.NamespaceOf(r.Namespace)
	if namespace == nil || r.Provisioner != egress.Standalone {
		return nil
	}
	want, violated, err := c.violations(namespace.Labels, d)
	if err != nil || violated == "" {
		return nil
	}
	return one(r, finding.PodSecurity,
		sprintf("the pod of Deployment %s violates the namespace's Pod Security level %s: %s", d.Name, want, violated),
		sprintf("namespace %s has the label %s=%s: a pod that is there stays, but the next one is refused", r.Namespace, api.EnforceLevelLabel, want.Level), fix, label)
}

// needsAdmin names the flags that gave d's pod its privilege.
func needsAdmin(d *snapshot.Deployment) string {
	switch {
	case !d.BlocksInbound:
		return "--cluster-routes needs NET_ADMIN and UID 0"
	case len(d.Routes) == 0:
		return "--block-inbound needs NET_ADMIN and UID 0"
	}
	return "--cluster-routes and --block-inbound need NET_ADMIN and UID 0"
}

// violations say what of d's pod the level that labels enforce forbids; "" is nothing.
func (c *state) violations(labels map[string]string, d *snapshot.Deployment) (api.LevelVersion, string, error) {
	level, enforced := labels[api.EnforceLevelLabel]
	if !enforced {
		return api.LevelVersion{}, "", nil
	}
	want := api.LevelVersion{Version: api.LatestVersion()}
	// As in the server: a level that is none counts as restricted.
	want.Level, _ = api.ParseLevel(level)
	if version, given := labels[api.EnforceVersionLabel]; given {
		want.Version, _ = api.ParseVersion(version)
	}
	forbidden, err := c.forbidden(want, d)
	return want, forbidden, err
}

// forbidden says what of d's pod a level forbids; "" is nothing.
func (c *state) forbidden(want api.LevelVersion, d *snapshot.Deployment) (string, error) {
	evaluator, err := c.security()
	if err != nil {
		return "", fmt.Errorf("reading the Pod Security standards: %w", err)
	}
	result := policy.AggregateCheckResults(evaluator.EvaluatePod(want, &metav1.ObjectMeta{}, &d.Template))
	if result.Allowed {
		return "", nil
	}
	return result.ForbiddenDetail(), nil
}

// leastLevel is the strictest level below restricted that takes d's pod. What the server has refused counts more than the
// template, which others may change on the way to the pod.
func (c *state) leastLevel(d *snapshot.Deployment) api.Level {
	forbidden, err := c.forbidden(api.LevelVersion{Level: api.LevelBaseline, Version: api.LatestVersion()}, d)
	if err != nil || forbidden != "" || strings.Contains(d.Failure, `PodSecurity "`+string(api.LevelBaseline)) {
		return api.LevelPrivileged
	}
	return api.LevelBaseline
}

// oncePerNamespace leaves the command of EGR208 with the first of found in each namespace: it is the same for all.
func oncePerNamespace(found []finding.Finding) []finding.Finding {
	finding.Sort(found)
	first := map[string]string{}
	for i, f := range found {
		if f.Code != finding.PodSecurity || len(f.Commands) == 0 {
			continue
		}
		command := f.Commands[0]
		if router, said := first[command]; said {
			found[i].Fix += ", as for " + router
			found[i].Commands = []string{}
			continue
		}
		first[command] = f.Object
	}
	return found
}

// emulated is the version of the rules that a server of version, such as v1.34.4, goes by; nil is the newest.
func emulated(version string) *api.Version {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return nil
	}
	v, err := api.ParseVersion(parts[0] + "." + strings.TrimRight(parts[1], "+"))
	if err != nil {
		return nil
	}
	return &v
}

// primaryNetwork is the label of a namespace whose pods have another primary network than the cluster's.
const primaryNetwork = "k8s.ovn.org/primary-user-defined-network"

// userNetwork is EGR217.
func userNetwork(c *state, r snapshot.Router) []finding.Finding {
	namespace := c.NamespaceOf(r.Namespace)
	if namespace == nil {
		return nil
	}
	if _, labelled := namespace.Labels[primaryNetwork]; !labelled {
		return nil
	}
	return one(r, finding.UserNetwork,
		sprintf("namespace %s has the label %s: its primary network is user-defined", r.Namespace, primaryNetwork),
		"clients reach the pod on the interface of that network, and the CNI plugin redirects what comes in on eth0 alone: nothing is redirected",
		"create the router in a namespace without that label, which can only be set as a namespace is created")
}
