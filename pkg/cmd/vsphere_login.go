package cmd

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-egress/kubectl-egress/pkg/platform/vsphere"
)

// Where OpenShift keeps the vCenters' credentials that its own controllers use.
const (
	vsphereSecretNamespace = "kube-system"
	vsphereSecretName      = "vsphere-creds"
)

// vsphereLogin are the flags that say which vCenter, each in place of a variable of govc.
type vsphereLogin struct {
	url         string
	insecure    bool
	caCerts     string
	persist     bool
	fromCluster bool
	// changed reports whether a flag was given.
	changed func(flag string) bool
}

func (l *vsphereLogin) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	l.addAddress(flags)
	flags.BoolVar(&l.persist, "vsphere-persist-session", true, "Keep the session in a file that govc shares [GOVC_PERSIST_SESSION]")
	flags.BoolVar(&l.fromCluster, "use-cluster-credentials", false,
		"Take the credentials from OpenShift's Secret "+vsphereSecretNamespace+"/"+vsphereSecretName)
}

// addAddress adds the flags that say where the vCenter is, and whether it is the one.
func (l *vsphereLogin) addAddress(flags *pflag.FlagSet) {
	l.changed = flags.Changed
	flags.StringVar(&l.url, "vsphere-url", "", "The vCenter, as host, host:port or URL [GOVC_URL]")
	flags.BoolVar(&l.insecure, "vsphere-insecure", false, "Do not verify the vCenter's certificate [GOVC_INSECURE]")
	flags.StringVar(&l.caCerts, "vsphere-tls-ca-certs", "", "Files of CA certificates, separated as in PATH [GOVC_TLS_CA_CERTS]")
}

// getenv is the environment, where the flags that were given take the place of their variables.
func (l *vsphereLogin) getenv(name string) string {
	for flag, value := range map[string][2]string{
		"vsphere-url":             {"GOVC_URL", l.url},
		"vsphere-insecure":        {"GOVC_INSECURE", strconv.FormatBool(l.insecure)},
		"vsphere-tls-ca-certs":    {"GOVC_TLS_CA_CERTS", l.caCerts},
		"vsphere-persist-session": {"GOVC_PERSIST_SESSION", strconv.FormatBool(l.persist)},
	} {
		if name == value[0] && l.changed(flag) {
			return value[1]
		}
	}
	return os.Getenv(name)
}

func (l *vsphereLogin) credentials(ctx context.Context, f *factory) ([]vsphere.Credentials, error) {
	if !l.fromCluster {
		creds, err := vsphere.CredentialsFromEnv(l.getenv)
		return creds, invalid(err)
	}
	base, err := vsphere.BaseFromEnv(l.getenv)
	if err != nil {
		return nil, invalid(err)
	}
	data, err := f.secret(ctx, vsphereSecretNamespace, vsphereSecretName)
	if err != nil {
		return nil, err
	}
	creds, err := vsphere.CredentialsFromSecret(data, base)
	if err != nil {
		return nil, fmt.Errorf("secret %s in namespace %s: %w", vsphereSecretName, vsphereSecretNamespace, err)
	}
	return creds, nil
}

// addRequire adds --require; where is set before what it means.
func addRequire(flags *pflag.FlagSet, value *string, where string) {
	flags.StringVar(value, "require", vsphere.RequireMinimal, where+"minimal (what macvlan needs) or docs (all three that OpenShift's documentation names)")
}
