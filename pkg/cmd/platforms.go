package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	configv1 "github.com/openshift/api/config/v1"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/openstack"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform/vsphere"
)

// platformRow is one platform as the verbs know it. Nothing else in this package knows which platforms there are.
type platformRow struct {
	platform.Platform
	// service is what --fix changes things in: "Neutron".
	service string
	// secret is OpenShift's Secret with the credentials of its own controllers, NAMESPACE/NAME; "" for none.
	secret string
	// configured reports whether credentials are in the environment, so that plain preflight can ask.
	configured func() bool
	// preflight and sync make what these verbs have of the platform.
	preflight func() platformPreflight
	sync      func() platformSync
	// choices complete the values of its flags, by name.
	choices map[string]cobra.CompletionFunc
}

// platformPreflight is what preflight has of one platform.
type platformPreflight interface {
	// command makes "preflight NAME" with its words and the flags that are the platform's own; name is that of the
	// whole command. It also sets the flags' defaults.
	command(name string) *cobra.Command
	// prepare checks the flags, before anything is read of the cluster.
	prepare(ctx context.Context, o *platformOptions) (*preparation, error)
}

// preparation is how a platform is asked.
type preparation struct {
	// mac is the MAC of what --address describes, and allNodes asks for every node that a router could run on.
	mac      string
	allNodes bool
	// connect makes the adapter for what was seen of the cluster; nil for --revert, which looks at no router.
	connect func(ctx context.Context, l *look) (platform.Adapter, error)
}

// platformSync is what sync has of one platform.
type platformSync interface {
	words(name string) syncWords
	// add adds the flags that are the platform's own. No two platforms have one of the same name.
	add(flags *pflag.FlagSet)
	// validate says what is wrong with the flags' values.
	validate() error
	// complete sets in o what is to be done. Bad credentials are told at once, and not to a log that nobody reads.
	complete(ctx context.Context, f *factory, fromCluster bool, o *controller.Options) error
}

// syncWords are what the help of sync says of one platform; name is that of the whole command.
type syncWords struct {
	// does is what sync does there, in a few words.
	does string
	// about is a paragraph, in lines.
	about string
	// example is the last of the examples.
	example string
}

func (r platformRow) name() string { return r.Name }

// platformTable is a row for each platform. The first is taken where a cluster does not tell.
type platformTable []platformRow

func platforms() platformTable {
	return platformTable{
		{
			Platform:   openstack.Platform(),
			service:    "Neutron",
			secret:     cloudSecretNamespace + "/" + cloudSecretName,
			configured: func() bool { return os.Getenv("OS_CLOUD")+os.Getenv("OS_AUTH_URL") != "" },
			preflight:  func() platformPreflight { return &openstackPreflight{} },
			sync:       func() platformSync { return &openstackSync{} },
			choices: map[string]cobra.CompletionFunc{
				"neutron-backend": completeChoices(openstack.OVN, openstack.OpenVSwitch),
			},
		},
		{
			Platform:   vsphere.Platform(),
			service:    "vCenter",
			secret:     vsphereSecretNamespace + "/" + vsphereSecretName,
			configured: func() bool { return os.Getenv("GOVC_URL") != "" },
			preflight:  func() platformPreflight { return &vspherePreflight{} },
			sync:       func() platformSync { return &vsphereSync{} },
			choices: map[string]cobra.CompletionFunc{
				"require":              completeChoices(vsphere.RequireMinimal, vsphere.RequireDocs),
				"scope":                completeChoices(vsphere.ScopePortGroup, vsphere.ScopeVSwitch),
				"vsphere-tls-ca-certs": completePaths(cobra.ShellCompDirectiveDefault),
			},
		},
	}
}

// row returns the row of a platform; ok is false where there is none of that name.
func (t platformTable) row(name string) (row platformRow, ok bool) {
	i := slices.IndexFunc(t, func(r platformRow) bool { return r.Name == name })
	if i < 0 {
		return platformRow{}, false
	}
	return t[i], true
}

// mistaken is the error where one of names, which err says are no routers, is a platform's that has no adapter; nil for
// another error.
func (t platformTable) mistaken(names []string, err error) error {
	for _, name := range names {
		supported := t.spell("or", platformRow.name)
		switch {
		case !isPlatform(name):
		case len(validation.IsDNS1123Subdomain(name)) > 0:
			return invalid(fmt.Errorf("unknown platform %q: must be %s", name, supported))
		case errors.Is(err, cluster.ErrNotFound):
			return invalid(fmt.Errorf("unknown platform %q: must be %s; and if a router is meant: %w", name, supported, err))
		}
	}
	return nil
}

// isPlatform reports whether somebody who writes name means a platform: one that OpenShift or a cloud's nodes name, in
// any case.
func isPlatform(name string) bool {
	return check.IsCloud(name) || slices.ContainsFunc([]configv1.PlatformType{
		"IBM", configv1.BareMetalPlatformType, configv1.EquinixMetalPlatformType, configv1.ExternalPlatformType, configv1.KubevirtPlatformType,
		configv1.LibvirtPlatformType, configv1.NonePlatformType, configv1.NutanixPlatformType, configv1.OpenStackPlatformType,
		configv1.OvirtPlatformType, configv1.PowerVSPlatformType, configv1.VSpherePlatformType,
	}, func(p configv1.PlatformType) bool { return strings.EqualFold(string(p), name) })
}

// known are the platforms, for Detect.
func (t platformTable) known() []platform.Platform {
	return collect.Map(t, func(r platformRow) platform.Platform { return r.Platform })
}

// spell joins what text makes of each row: "openstack, vsphere or other".
func (t platformTable) spell(last string, text func(platformRow) string) string {
	words := collect.Map(t, text)
	if n := len(words); n > 1 {
		words = append(words[:n-2], words[n-2]+" "+last+" "+words[n-1])
	}
	return strings.Join(words, ", ")
}
