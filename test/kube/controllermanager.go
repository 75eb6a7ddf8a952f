package kube

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kubectl-egress/kubectl-egress/test/process"
)

// controllers are what Deployments, owners, Services and namespaces need to live and die as they do in
// a cluster, and what gives the roles admin, edit and view their rules.
const controllers = "deployment-controller,replicaset-controller," +
	"serviceaccount-controller,namespace-controller,endpointslice-controller,clusterrole-aggregation-controller"

// startControllerManager starts a kube-controller-manager as a child process. envtest has none.
func startControllerManager(kubeconfig, dir string, o Options) (*process.Process, error) {
	enabled := controllers
	if !o.Keep {
		enabled += ",garbage-collector-controller"
	}
	command := exec.Command(filepath.Join(os.Getenv(assetsVariable), "kube-controller-manager"),
		"--kubeconfig="+kubeconfig,
		"--controllers="+enabled,
		"--leader-elect=false",
		"--secure-port=0",
		"--kube-api-qps=200", "--kube-api-burst=400",
		"--concurrent-gc-syncs=5") // the default 20 only crowd a small machine
	// A group of its own, as envtest's servers have: an interrupt at the terminal reaches the test
	// first, which then stops the servers in order.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return process.Start(command, dir, "kube-controller-manager")
}

// awaitControllers returns once the controllers of manager work. With its port closed there is no health to ask for; that
// the namespace default has got its service account tells as much.
func awaitControllers(ctx context.Context, manager *process.Process, config *rest.Config) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		if err == nil {
			return nil
		}
		if !apierrors.IsNotFound(err) && ctx.Err() == nil {
			return fmt.Errorf("waiting for kube-controller-manager: %w", err)
		}
		select {
		case <-manager.Exited():
			return manager.Err()
		case <-ctx.Done():
			return fmt.Errorf("waiting for kube-controller-manager: %w:\n%s", ctx.Err(), manager.LastLines(10))
		case <-time.After(50 * time.Millisecond):
		}
	}
}
