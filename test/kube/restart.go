package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// launcher becomes kube-apiserver, and writes down its process number: envtest tells nobody whom it has started.
const launcher = `#!/bin/sh
echo $$ >"$0.pid"
exec "$` + assetsVariable + `/kube-apiserver" "$@"
`

// keepable has server keep its certificates in dir, so that whoever knew it knows the next one, and start by a launcher
// there.
func keepable(server *envtest.APIServer, dir string) error {
	server.CertDir = filepath.Join(dir, "certificates")
	if err := os.Mkdir(server.CertDir, 0o700); err != nil {
		return fmt.Errorf("making a folder for the API server's certificates: %w", err)
	}
	server.Path = filepath.Join(dir, "kube-apiserver")
	if err := os.WriteFile(server.Path, []byte(launcher), 0o700); err != nil {
		return fmt.Errorf("writing the API server's launcher: %w", err)
	}
	return nil
}

// KillAPIServer kills kube-apiserver at once, as a lack of memory does, and returns when it is gone. Whatever else runs
// goes on.
func (c *Cluster) KillAPIServer(ctx context.Context) error {
	file := c.env.ControlPlane.GetAPIServer().Path + ".pid"
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("looking for the kube-apiserver that runs: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("reading the process number of kube-apiserver: %w", err)
	}
	// Without the file a second call finds none: the number may be another's by then.
	if err := errors.Join(os.Remove(file), syscall.Kill(pid, syscall.SIGKILL)); err != nil {
		return fmt.Errorf("killing kube-apiserver: %w", err)
	}
	return Await(ctx, "kube-apiserver is gone", func(context.Context) (bool, error) {
		return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH), nil // envtest has waited for it
	})
}

// StartAPIServer starts another kube-apiserver after KillAPIServer: on the same port, with the same certificates and
// etcd. It returns once that is ready.
func (c *Cluster) StartAPIServer(ctx context.Context) error {
	server := c.env.ControlPlane.GetAPIServer()
	server.Args = nil //nolint:staticcheck // the last start has left all arguments here, which the next would add to its own
	if err := server.Start(); err != nil {
		return fmt.Errorf("starting kube-apiserver again: %w", err)
	}
	client, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	return Await(ctx, "kube-apiserver is ready", func(ctx context.Context) (bool, error) {
		var status int
		client.RESTClient().Get().AbsPath("/readyz").Do(ctx).StatusCode(&status)
		return status == http.StatusOK, nil
	})
}
