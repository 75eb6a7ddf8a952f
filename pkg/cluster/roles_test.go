package cluster_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// roleFile reads a role of deploy/rbac.
func roleFile(t *testing.T, name string) *rbacv1.ClusterRole {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "deploy", "rbac", name))
	if err != nil {
		t.Fatal(err)
	}
	role := &rbacv1.ClusterRole{}
	if err := yaml.UnmarshalStrict(data, role); err != nil {
		t.Fatal(err)
	}
	return role
}

// rightsOf are the rights of a rule, one by one.
func rightsOf(rule rbacv1.PolicyRule) []snapshot.Right {
	var out []snapshot.Right
	for _, group := range rule.APIGroups {
		for _, resource := range rule.Resources {
			for _, verb := range rule.Verbs {
				out = append(out, snapshot.Right{Verb: verb, Group: group, Resource: resource})
			}
		}
	}
	return out
}

// TestProvisionerRole: the role has what is needed for either provisioner, and beyond that the events alone.
func TestProvisionerRole(t *testing.T) {
	var got, want []string
	for _, rule := range roleFile(t, "provisioner.yaml").Rules {
		for _, right := range rightsOf(rule) {
			got = append(got, fmt.Sprint(right))
		}
	}
	for _, provisioner := range []egress.Provisioner{egress.Operator, egress.Standalone} {
		for _, right := range cluster.NeededRights(provisioner) {
			want = append(want, fmt.Sprint(right))
		}
	}
	want = append(want, fmt.Sprint(snapshot.Right{Verb: "list", Resource: "events"}))
	slices.Sort(got)
	slices.Sort(want)
	if want = slices.Compact(want); !slices.Equal(got, want) {
		t.Errorf("the role has\n%s\nneeded is\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// testRoles: with exactly the roles of deploy/rbac everything works, and without any one of their rules it
// is said what is lacking.
func (s *server) testRoles(t *testing.T) {
	viewer, provisioner, admin := roleFile(t, "viewer.yaml"), roleFile(t, "provisioner.yaml"), roleFile(t, "admin.yaml")
	s.create(t, viewer.DeepCopy(), provisioner.DeepCopy(), admin.DeepCopy())
	t.Run("viewer", func(t *testing.T) {
		s.bindCluster(t, "vera", viewer.Name)
		s.awaitWhole(t, s.as(t, "vera"))
	})
	t.Run("provisioner", func(t *testing.T) {
		s.namespace(t, "roles")
		s.bind(t, "roles", "paul", provisioner.Name)
		s.lifeCycle(t, s.as(t, "paul"), "roles", "192.168.17.10")
	})
	t.Run("admin", func(t *testing.T) {
		s.namespace(t, "roles-admin")
		s.bindCluster(t, "anna", admin.Name)
		anna := s.as(t, "anna")
		s.awaitWhole(t, anna)
		s.lifeCycle(t, anna, "roles-admin", "192.168.17.11")
	})
	for i := range viewer.Rules {
		s.withoutViewerRule(t, viewer, i)
	}
	for i := range provisioner.Rules {
		s.withoutProvisionerRule(t, provisioner, i)
	}
}

// as is a client of the user, who has no rights but those bound to the name.
func (s *server) as(t *testing.T, user string) *cluster.Client {
	t.Helper()
	cfg := rest.CopyConfig(s.Config)
	cfg.Impersonate.UserName = user
	cfg.QPS = -1
	return newClient(t, cfg)
}

func subject(user string) []rbacv1.Subject {
	return []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}}
}

func (s *server) bindCluster(t *testing.T, user, role string) {
	t.Helper()
	s.create(t, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role}, Subjects: subject(user),
	})
}

func (s *server) bind(t *testing.T, namespace, user, role string) {
	t.Helper()
	s.create(t, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role}, Subjects: subject(user),
	})
}

// awaitWhole reads the cluster until nothing of it is unknown: rights take a moment to arrive.
func (s *server) awaitWhole(t *testing.T, c *cluster.Client) {
	t.Helper()
	eventually(t, "nothing is unknown", func(ctx context.Context) (bool, error) {
		got, err := read.Snapshot(ctx, c, read.Options{Namespace: "hung", Wide: true, Checks: true})
		return err == nil && len(got.Unknown) == 0 && len(got.NotServed) == 0, err
	})
}

// awaitRights asks until the user has those of the provisioner in the namespace, less so many.
func (s *server) awaitRights(t *testing.T, c *cluster.Client, namespace string, provisioner egress.Provisioner, missing []snapshot.Right) {
	t.Helper()
	want := snapshot.Rights{Namespace: namespace, Missing: missing, Held: len(cluster.NeededRights(provisioner)) - len(missing)}
	var got *snapshot.Rights
	err := kubeAwait(t.Context(), func(ctx context.Context) (bool, error) {
		var err error
		got, err = c.Rights(ctx, namespace, provisioner)
		return err == nil && fmt.Sprint(*got) == fmt.Sprint(want), err
	})
	if err != nil {
		t.Fatalf("%v: got %+v, want %+v", err, got, want)
	}
}

// lifeCycle creates, finds, reads, and deletes a router under each provisioner.
func (s *server) lifeCycle(t *testing.T, c *cluster.Client, namespace, address string) {
	t.Helper()
	for _, provisioner := range []egress.Provisioner{egress.Operator, egress.Standalone} {
		s.awaitRights(t, c, namespace, provisioner, nil)
		r := newRouter(namespace, "partner-a", address+"/24", "192.168.17.1")
		if err := serve(t.Context(), c, r, provisioner); err != nil {
			t.Fatalf("%s: creating: %v", provisioner, err)
		}
		if _, err := read.Find(t.Context(), c, namespace, r.Name, egress.Auto); err != nil {
			t.Fatalf("%s: finding: %v", provisioner, err)
		}
		got, err := read.Snapshot(t.Context(), c, read.Options{Namespace: namespace})
		if err != nil || len(got.Routers) != 1 || len(got.Unknown) > 0 {
			t.Fatalf("%s: reading: %v: %+v", provisioner, err, got)
		}
		if err := remove(t.Context(), c, r); err != nil {
			t.Fatalf("%s: deleting: %v", provisioner, err)
		}
	}
}
