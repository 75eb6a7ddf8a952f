package check

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// readRights is EGR202 for what could not be read: it is said, since the checks that need it say nothing.
func readRights(c *state) []finding.Finding {
	if len(c.Unknown) == 0 {
		return nil
	}
	level := finding.Warning
	var words []string
	var rights []snapshot.Right
	for _, u := range c.Unknown {
		if c.needs(u) {
			level = finding.Error
		}
		if word := "list " + grouped(u.Resource, u.Group) + where(u); !slices.Contains(words, word) {
			words = append(words, word)
		}
		for _, verb := range []string{"get", "list", "watch"} {
			rights = append(rights, snapshot.Right{Verb: verb, Group: u.Group, Resource: u.Resource})
		}
	}
	first := c.Unknown[0]
	role := &rbacv1.ClusterRole{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole"},
		ObjectMeta: metav1.ObjectMeta{Name: "egress-router-reader"}, Rules: rules(rights),
	}
	return []finding.Finding{onCluster(finding.Forbidden, level,
		"a part of the cluster is unknown, because these permissions are missing: "+strings.Join(words, "; "),
		"the checks that need these say nothing, neither good nor bad; the server's reason: "+first.Reason,
		"have an administrator create a ClusterRole and bind it to the user; the last command then says yes",
		c.Caller.Piped(role, "auth", "reconcile"),
		c.binding("", "clusterrolebinding", "egress-router-reader", "--clusterrole=egress-router-reader"),
		c.Caller.Kubectl("", append([]string{"auth", "can-i", "list", grouped(first.Resource, first.Group)}, flags(first)...)...),
	)}
}

// needs reports whether the checks cannot do without u: without the routers nothing can be checked, and
// without NADs and pods nobody can tell whether a router works. The rest of the cluster is a matter of one
// check each.
func (c *state) needs(u snapshot.Unknown) bool {
	switch {
	case u.Partial:
		return false
	case u.Resource == routersResource, u.Resource == deployments:
		return true
	case u.Resource == nadsResource, u.Resource == podsResource:
		return len(c.Routers) > 0
	}
	return false
}

func where(u snapshot.Unknown) string {
	switch {
	case u.Partial:
		return " in other namespaces"
	case u.Namespace != "":
		return " in namespace " + u.Namespace
	}
	return " of the whole cluster"
}

// flags are kubectl's for where u is.
func flags(u snapshot.Unknown) []string {
	if u.Namespace != "" && !u.Partial {
		return []string{"-n", u.Namespace}
	}
	return []string{"-A"}
}

// binding is the command that binds a role to the user, where what was refused says who that is.
func (c *state) binding(namespace, kind, name, role string) string {
	for _, u := range c.Unknown {
		if match := regexp.MustCompile(`User "([^"]+)"`).FindStringSubmatch(u.Reason); match != nil {
			return c.Caller.Kubectl(namespace, "create", kind, name, role, "--user="+match[1])
		}
	}
	return ""
}

// writeRights is EGR202 for what the user may not write. Who may write nothing is a viewer, which is no fault.
func writeRights(c *state) []finding.Finding {
	if c.Rights == nil || len(c.Rights.Missing) == 0 {
		return nil
	}
	namespace, lacking := c.Rights.Namespace, c.Rights.Missing
	level, message := finding.Error, "permissions to create and delete routers in namespace "+namespace+" are missing"
	why := "create, expose or delete would fail on the way, with some objects written and others not"
	if c.viewer() {
		level, message = finding.Info, "the user may look at routers in namespace "+namespace+", but not create or delete any"
		why = "create, expose and delete would be refused; get, status and preflight need none of these rights"
	} else if c.Rights.Incomplete {
		level = finding.Warning
	}
	if c.Rights.Incomplete {
		why += "; the server could not list all of the user's rights, so that some of these may be there"
	}
	if slices.ContainsFunc(lacking, func(r snapshot.Right) bool { return r.Resource == nadsResource }) {
		why += "; on OpenShift even a namespace's administrator may only read NADs (standalone routers need to write them, the operator's do not)"
	}
	var words []string
	for _, r := range lacking {
		words = append(words, r.Verb+" "+grouped(r.Resource, r.Group))
	}
	role := &rbacv1.Role{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "egress-router-editor"}, Rules: rules(lacking),
	}
	return []finding.Finding{onCluster(finding.Forbidden, level, message+": "+strings.Join(words, ", "), why,
		"have an administrator create a Role and bind it to the user",
		c.Caller.Piped(role, "auth", "reconcile"),
		c.binding(namespace, "rolebinding", "egress-router-editor", "--role=egress-router-editor"),
	)}
}

// viewer reports whether the user may write none of what makes a router. Lists of rights hold those to read too.
func (c *state) viewer() bool {
	lacks := func(resource string) bool {
		for _, verb := range []string{"create", "delete"} {
			if !slices.ContainsFunc(c.Rights.Missing, func(r snapshot.Right) bool { return r.Resource == resource && r.Verb == verb }) {
				return false
			}
		}
		return true
	}
	if c.Rights.Held == 0 {
		return true
	}
	return lacks(servicesResource) && (lacks(routersResource) || lacks(nadsResource) && lacks(deployments))
}

// grouped is a resource with its API group, as kubectl takes it.
func grouped(resource, group string) string {
	if group == "" {
		return resource
	}
	return resource + "." + group
}

// rules give the rights, those with one API group and the same verbs together.
func rules(rights []snapshot.Right) []rbacv1.PolicyRule {
	type resource struct{ group, name string }
	verbs := map[resource][]string{}
	for _, r := range rights {
		key := resource{r.Group, r.Resource}
		if !slices.Contains(verbs[key], r.Verb) {
			verbs[key] = append(verbs[key], r.Verb)
		}
	}
	keys := slices.SortedFunc(maps.Keys(verbs), func(a, b resource) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.name, b.name))
	})
	var out []rbacv1.PolicyRule
	for _, key := range keys {
		last := len(out) - 1
		if last >= 0 && out[last].APIGroups[0] == key.group && slices.Equal(out[last].Verbs, verbs[key]) {
			out[last].Resources = append(out[last].Resources, key.name)
			continue
		}
		out = append(out, rbacv1.PolicyRule{APIGroups: []string{key.group}, Resources: []string{key.name}, Verbs: verbs[key]})
	}
	return out
}

// unreadable is EGR224.
func unreadable(c *state) []finding.Finding {
	return collect.Map(c.Unreadable, func(u snapshot.Unreadable) finding.Finding {
		return finding.New(finding.UnreadableRouter, u.Namespace+"/"+u.Name, u.Reason,
			"it is left out: no verb, and no sync, does anything for it until it can be read, and of the other routers all is shown",
			"create the router again, which rewrites its description, or delete the Deployment if it is not a router's; look at it first",
			c.Caller.Kubectl(u.Namespace, "get", u.Object, "-o", "yaml"))
	})
}
