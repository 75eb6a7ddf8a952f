package controller_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// deployed is the namespace of deploy/sync.
const deployed = "kubectl-egress"

// testRoles: the manifests are taken by the server, two pods of the restricted level come of them, and with the rights
// that they grant, and no more, everything works.
func (c *shared) testRoles(t *testing.T) {
	s := c.newSite(t, fakeneutron.Options{Ports: 2})
	s.records = deployed
	s.deploy("", map[string]int{"Namespace": 1, "ServiceAccount": 1, "ClusterRole": 2, "ClusterRoleBinding": 2, "Role": 3, "RoleBinding": 3, "Deployment": 1, "ConfigMap": 9, "NetworkPolicy": 1})
	s.standalone(0)
	s.put(0, "worker-1")
	s.operated(1)
	s.putAs(1, "worker-2", mac(1), map[string]string{"app": "egress-router-cni"})
	p := s.runDeployed(nil)
	s.await(s.want(2))
	p.awaitMetric("kubectl_egress_sync_routers_out_of_step 0")
	if said := p.log.lines("level=WARN"); len(said) > 0 {
		t.Errorf("with all rights it complained: %s", strings.Join(said, ""))
	}
	s.put(0, "worker-2")
	s.putAs(1, "worker-1", mac(1), map[string]string{"app": "egress-router-cni"})
	s.await(s.want(2))
	p.awaitMetric("kubectl_egress_sync_pairs 2")
	p.stop()
	s.withoutEach([]string{"kubectl-egress-sync", "kubectl-egress-sync-nads"}, []string{"sync", "sync-records", "sync-grants"}, func(in *site) *process {
		// Both move, so that each right is needed.
		for router, labels := range map[int]map[string]string{0: nil, 1: {"app": "egress-router-cni"}} {
			node := "worker-1"
			if in.record(router) == in.wantRecord(router, node) {
				node = "worker-2"
			}
			if labels == nil {
				in.put(router, node)
			} else {
				in.putAs(router, node, mac(router), labels)
			}
		}
		return in.runDeployed(nil)
	})
}

// awaitDeployed waits until the Deployment has its two pods.
func (s *site) awaitDeployed() {
	s.Helper()
	err := kube.Await(s.Context(), "two pods are made", func(ctx context.Context) (bool, error) {
		var pods corev1.PodList
		err := s.admin.List(ctx, &pods, client.InNamespace(deployed))
		return len(pods.Items) == 2, err
	})
	if err != nil {
		s.Fatal(err)
	}
}

// withoutEach: without any one rule of the roles and of its own namespace's, what is missing is named. run makes each
// right needed.
func (s *site) withoutEach(roles, own []string, run func(*site) *process) {
	for _, role := range roles {
		whole := &rbacv1.ClusterRole{}
		if err := s.admin.Get(s.Context(), client.ObjectKey{Name: role}, whole); err != nil {
			s.Fatal(err)
		}
		for i := range whole.Rules {
			s.without(whole, whole.Rules[i], func(rules []rbacv1.PolicyRule) error {
				less := &rbacv1.ClusterRole{}
				if err := s.admin.Get(s.Context(), client.ObjectKey{Name: role}, less); err != nil {
					return err
				}
				less.Rules = rules
				return s.admin.Update(s.Context(), less)
			}, whole.Rules, i, run)
		}
	}
	for _, role := range own {
		whole := &rbacv1.Role{}
		if err := s.admin.Get(s.Context(), client.ObjectKey{Namespace: deployed, Name: role}, whole); err != nil {
			s.Fatal(err)
		}
		for i := range whole.Rules {
			s.without(whole, whole.Rules[i], func(rules []rbacv1.PolicyRule) error {
				less := &rbacv1.Role{}
				if err := s.admin.Get(s.Context(), client.ObjectKey{Namespace: deployed, Name: role}, less); err != nil {
					return err
				}
				less.Rules = rules
				return s.admin.Update(s.Context(), less)
			}, whole.Rules, i, run)
		}
	}
}

// without runs sync where one rule is missing, and puts it back.
func (s *site) without(role client.Object, rule rbacv1.PolicyRule, set func([]rbacv1.PolicyRule) error, rules []rbacv1.PolicyRule, i int,
	run func(*site) *process,
) {
	s.Run(fmt.Sprintf("without %s %s of %s", strings.Join(rule.Verbs, "+"), rule.Resources[0], role.GetName()), func(t *testing.T) {
		in := *s
		in.T = t
		if slices.Contains(rule.Verbs, "create") && rule.Resources[0] == "leases" {
			lease := &coordinationv1.Lease{}
			lease.Namespace, lease.Name = deployed, controller.Name
			in.delete(lease)
		}
		if err := set(slices.Delete(slices.Clone(rules), i, i+1)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(500 * time.Millisecond) // the authorizer hears of a role by a watch
		p := run(&in)
		p.awaitLog(fmt.Sprintf(`cannot %s resource \"%s\"`, rule.Verbs[0], rule.Resources[0]))
		p.awaitLog("ask an administrator for the verb")
		p.stop()
		if err := set(rules); err != nil {
			t.Fatal(err)
		}
	})
}

// TestSyncMayWriteNothingElse: whoever steals the token of deploy/sync changes nothing outside of its namespace but Events,
// and in it its Lease and the records; not what grants addresses.
func TestSyncMayWriteNothingElse(t *testing.T) {
	for folder, want := range map[string][]string{
		"":        {"configmaps/pairs-0 patch", "configmaps/pairs-1 patch", "configmaps/pairs-2 patch", "configmaps/pairs-3 patch", "configmaps/pairs-4 patch", "configmaps/pairs-5 patch", "configmaps/pairs-6 patch", "configmaps/pairs-7 patch", "events of all create", "events of all patch", "leases create", "leases/kubectl-egress-sync update"},
		"vsphere": {"events of all create", "events of all patch", "leases create", "leases/kubectl-egress-sync update"},
	} {
		var got []string
		for _, object := range manifests(t, folder) {
			if !slices.Contains([]string{"Role", "ClusterRole"}, object.GetKind()) {
				continue
			}
			role := &rbacv1.Role{}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, role); err != nil {
				t.Fatal(err)
			}
			if object.GetKind() == "Role" && object.GetNamespace() != deployed {
				t.Errorf("role %s is in namespace %s", object.GetName(), object.GetNamespace())
			}
			for _, rule := range role.Rules {
				got = append(got, changes(rule, object.GetKind() == "ClusterRole")...)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("sync %s may change %q, want %q", folder, got, want)
		}
	}
}

// changes are the rights of a rule that are more than reading.
func changes(rule rbacv1.PolicyRule, everywhere bool) []string {
	var out []string
	for _, resource := range rule.Resources {
		if everywhere {
			resource += " of all"
		}
		for _, verb := range rule.Verbs {
			if slices.Contains([]string{"get", "list", "watch"}, verb) {
				continue
			}
			if len(rule.ResourceNames) == 0 {
				out = append(out, resource+" "+verb)
			}
			for _, name := range rule.ResourceNames {
				out = append(out, resource+"/"+name+" "+verb)
			}
		}
	}
	return out
}

// manifests are what deploy/sync, or a folder in it, holds.
func manifests(t *testing.T, folder string) []*unstructured.Unstructured {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "deploy", "sync", folder))
	if err != nil {
		t.Fatal(err)
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []*unstructured.Unstructured
	for _, resource := range built.Resources() {
		object, err := resource.Map()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, &unstructured.Unstructured{Object: object})
	}
	return out
}

// deploy applies deploy/sync, or a folder in it, which must hold so many objects of each kind, and waits for its pods.
func (s *site) deploy(folder string, want map[string]int) {
	s.Helper()
	kinds := map[string]int{}
	for _, u := range manifests(s.T, folder) {
		kinds[u.GetKind()]++
		// The namespace and the grants may be there.
		if err := s.admin.Patch(s.Context(), u, client.Apply, client.FieldOwner("deploy")); err != nil { //nolint:staticcheck // What replaces it takes no unstructured object.
			s.Fatal(err)
		}
	}
	if fmt.Sprint(kinds) != fmt.Sprint(want) {
		s.Errorf("there are %v, want %v", kinds, want)
	}
	s.Cleanup(func() {
		d := &appsv1.Deployment{}
		d.Namespace, d.Name = deployed, "sync"
		if err := s.admin.Delete(context.Background(), d); err != nil {
			s.Error(err)
		}
	})
	s.awaitDeployed()
}

// runDeployed runs sync with the rights of what was deployed alone.
func (s *site) runDeployed(change func(*options)) *process {
	s.Helper()
	cfg := rest.CopyConfig(s.cluster.Config)
	cfg.Impersonate.UserName = "system:serviceaccount:" + deployed + ":sync"
	cfg.Impersonate.Groups = []string{"system:serviceaccounts", "system:serviceaccounts:" + deployed, "system:authenticated"}
	return s.runAs(cfg, nil, func(o *options) {
		if change != nil {
			change(o)
		}
		o.Election = &controller.Election{Namespace: deployed, Name: controller.Name, Identity: s.Name(), Lease: lease}
	})
}
