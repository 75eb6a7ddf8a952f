package kube

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// assetsVariable names the folder of the servers' binaries; envtest reads the same.
const assetsVariable = "KUBEBUILDER_ASSETS"

// checkAssets tells early, and in one sentence, what envtest would say after minutes of retries.
func checkAssets() error {
	dir := os.Getenv(assetsVariable)
	if dir == "" {
		return errors.New(assetsVariable + " is not set: run `make test`, or set it to the folder that hack/kube-assets.sh prints")
	}
	for _, name := range []string{"etcd", "kube-apiserver", "kube-controller-manager", "kubectl"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("%s (%s) lacks %s: run `make test`, which fetches or builds it", assetsVariable, dir, name)
		}
	}
	return nil
}

// Kubectl is the path of the kubectl that belongs to the servers.
func Kubectl() (string, error) {
	if err := checkAssets(); err != nil {
		return "", err
	}
	return filepath.Join(os.Getenv(assetsVariable), "kubectl"), nil
}

// crdPaths lists the CRD files that o asks for, in the folders of the modules that own them: a copy
// would age unseen. It needs the go command and a working directory inside this module.
func crdPaths(ctx context.Context, o Options) ([]string, error) {
	const (
		openshift = "github.com/openshift/api"
		multus    = "github.com/k8snetworkplumbingwg/network-attachment-definition-client"
	)
	dirs, err := moduleDirs(ctx, openshift, multus)
	if err != nil {
		return nil, err
	}
	var paths []string
	if !o.NoMultus {
		paths = append(paths, filepath.Join(dirs[multus], "artifacts", "networks-crd.yaml"))
	}
	if o.OpenShift {
		config := filepath.Join(dirs[openshift], "config", "v1", "zz_generated.crd-manifests")
		paths = append(paths,
			filepath.Join(dirs[openshift], "networkoperator", "v1", "zz_generated.crd-manifests"),
			filepath.Join(dirs[openshift], "cloudnetwork", "v1", "zz_generated.crd-manifests"),
			filepath.Join(config, "0000_00_cluster-version-operator_01_clusteroperators.crd.yaml"),
			filepath.Join(config, "0000_10_config-operator_01_infrastructures-Default.crd.yaml"),
			filepath.Join(config, "0000_10_config-operator_01_networks.crd.yaml"))
	}
	return paths, nil
}

// moduleDirs asks the go command where modules lie, so that the versions are those of go.mod.
func moduleDirs(ctx context.Context, modules ...string) (map[string]string, error) {
	args := append([]string{"list", "-m", "-f", "{{.Path}}\t{{.Dir}}"}, modules...)
	out, err := exec.CommandContext(ctx, "go", args...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
		}
		return nil, fmt.Errorf("asking go list where the CRDs' modules lie: %w", err)
	}
	dirs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if dir == "" {
			return nil, fmt.Errorf("module %s is not downloaded: run `go mod download`", path)
		}
		dirs[path] = dir
	}
	return dirs, nil
}
