package kube

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// controllers are what Deployments, owners, Services and namespaces need to live and die as they do in
// a cluster, and what gives the roles admin, edit and view their rules.
const controllers = "deployment-controller,replicaset-controller,garbage-collector-controller," +
	"serviceaccount-controller,namespace-controller,endpointslice-controller,clusterrole-aggregation-controller"

// controllerManager is a kube-controller-manager that runs as a child process. envtest has none.
type controllerManager struct {
	command *exec.Cmd
	logFile string
	exited  chan struct{} // closed when the process has ended
}

func startControllerManager(kubeconfig, dir string) (*controllerManager, error) {
	m := &controllerManager{logFile: filepath.Join(dir, "kube-controller-manager.log"), exited: make(chan struct{})}
	log, err := os.Create(m.logFile)
	if err != nil {
		return nil, fmt.Errorf("making the log of kube-controller-manager: %w", err)
	}
	defer func() { _ = log.Close() }() // the child has its own descriptor
	m.command = exec.Command(filepath.Join(os.Getenv(assetsVariable), "kube-controller-manager"),
		"--kubeconfig="+kubeconfig,
		"--controllers="+controllers,
		"--leader-elect=false",
		"--secure-port=0",
		"--kube-api-qps=200", "--kube-api-burst=400",
		"--concurrent-gc-syncs=5") // the default 20 only crowd a small machine
	m.command.Stdout, m.command.Stderr = log, log
	// A group of its own, as envtest's servers have: an interrupt at the terminal reaches the test
	// first, which then stops the servers in order.
	m.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := m.command.Start(); err != nil {
		return nil, fmt.Errorf("starting kube-controller-manager: %w", err)
	}
	go func() {
		defer close(m.exited)
		_ = m.command.Wait() // how it ended is in its log
	}()
	return m, nil
}

// wait returns once the controllers work. With its port closed there is no health to ask for; that
// the namespace default has got its service account tells as much.
func (m *controllerManager) wait(ctx context.Context, config *rest.Config) error {
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
		case <-m.exited:
			return fmt.Errorf("kube-controller-manager ended early:\n%s", m.lastLines(10))
		case <-ctx.Done():
			return fmt.Errorf("waiting for kube-controller-manager: %w:\n%s", ctx.Err(), m.lastLines(10))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (m *controllerManager) lastLines(n int) string {
	log, err := os.ReadFile(m.logFile)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// stop ends the process, politely first. A manager that never started, or has ended, is no error.
func (m *controllerManager) stop() error {
	if m == nil {
		return nil
	}
	if err := m.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping kube-controller-manager: %w", err)
	}
	select {
	case <-m.exited:
		return nil
	case <-time.After(5 * time.Second):
	}
	if err := m.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("killing kube-controller-manager: %w", err)
	}
	<-m.exited
	return nil
}
