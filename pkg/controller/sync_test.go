package controller_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
	"github.com/kubectl-egress/kubectl-egress/test/kube"
)

// namespace has all routers of the tests that run one after the other.
const namespace = "partners"

// shared is the cluster that the tests share.
type shared struct {
	cluster *kube.Cluster
	admin   client.Client
}

func TestSync(t *testing.T) {
	t.Parallel()
	c := start(t, kube.Options{OpenShift: true, Keep: true})
	c.prepare(t, namespace)
	t.Run("a pod moves", c.testMove)
	t.Run("another takes the pair away", c.testDrift)
	t.Run("the API server is away", c.testServerAway)
	t.Run("the API server does not confirm", c.testStale)
	t.Run("what is remembered is doubtful", c.testDoubt)
	t.Run("Neutron is away", c.testNeutronAway)
	t.Run("answers are lost", c.testCut)
	t.Run("another writes the same ports", c.testRival)
	t.Run("leaders", c.testLeaders)
	t.Run("one router's fault", c.testFault)
	t.Run("full ports", c.testFull)
	t.Run("full ports swap their pods", c.testSwap)
	t.Run("a router is recreated", c.testHeir)
	t.Run("settings", c.testSettingsOnOpenStack)
	t.Run("a crash leaves a record", c.testCrash)
	t.Run("attacks of a tenant", c.testAttacks)
	t.Run("sieges by a tenant", c.testSieges)
	// Late, when what else goes on mostly waits: the news of all 200 must come within seconds.
	t.Run("200 pods move at once", c.testMany)
	t.Run("roles", c.testRoles)
	t.Run("the API server is killed", c.testRestart)
}

// TestVanilla is what goes on side by side, each in a window of its own, on a cluster without EgressRouters.
func TestVanilla(t *testing.T) {
	t.Parallel()
	c := start(t, kube.Options{Keep: true})
	program := build(t)
	// Not by t.Parallel, which runs no more at a time than there are cores: these mostly wait.
	var group sync.WaitGroup
	defer group.Wait()
	for name, test := range map[string]func(*testing.T){
		"nothing is lacking":               c.testVanilla,
		"Neutron answers 503":              func(t *testing.T) { c.testAway(t, "unavailable", unavailable) },
		"Neutron's machine is off":         func(t *testing.T) { c.testAway(t, "refused", refused) },
		"Neutron hangs":                    func(t *testing.T) { c.testAway(t, "hanging", hanging) },
		"the process that leads is killed": func(t *testing.T) { c.testKilled(t, program) },
		"memory":                           func(t *testing.T) { c.testMemory(t, program) },
	} {
		group.Go(func() { t.Run(name, test) })
	}
}

// testVanilla: a cluster without EgressRouters lacks nothing.
func (c *shared) testVanilla(t *testing.T) {
	s := c.newSiteBehind(t, "vanilla", fakeneutron.Options{Ports: 2})
	s.standalone(0)
	s.put(0, s.names[0])
	p := s.run(nil)
	s.await(s.want(1))
	s.put(0, s.names[1])
	s.await(s.want(1))
	s.awaitRecord(s.names[1])
	if said := p.log.lines("level=WARN"); len(said) > 0 {
		t.Errorf("it complained: %s", strings.Join(said, ""))
	}
	if status, body := p.get("/readyz"); status != http.StatusOK {
		t.Errorf("it is not ready: %s", body)
	}
}

// start starts a cluster, until the test ends.
func start(t *testing.T, o kube.Options) *shared {
	t.Helper()
	cluster, err := kube.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	admin, err := kube.NewClient(cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	return &shared{cluster, admin}
}

// prepare makes a namespace, and waits until it takes pods.
func (c *shared) prepare(t *testing.T, namespace string) {
	t.Helper()
	for _, name := range []string{namespace, egress.Namespace} {
		if err := c.admin.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil && (name == namespace || !apierrors.IsAlreadyExists(err)) {
			t.Fatal(err)
		}
	}
	err := kube.Await(t.Context(), "the namespace has its service account", func(ctx context.Context) (bool, error) {
		err := c.admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "default"}, &corev1.ServiceAccount{})
		return err == nil, client.IgnoreNotFound(err)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// since is how long it is since begun, for the log.
func since(begun time.Time) time.Duration { return time.Since(begun).Round(time.Millisecond) }
