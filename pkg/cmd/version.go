package cmd

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	utilversion "k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apimachinery/pkg/version"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/report"
)

// The minors of Kubernetes that this command is meant for: from oldestMinor, OpenShift 4.12's and the first
// whose Pod Security admission is stable, to newerMinors after that of the client library.
const (
	oldestMinor = 25
	newerMinors = 3
)

// versions are what version shows; as JSON the keys are those of kubectl's, and "apis".
type versions struct {
	Client clientVersion `json:"clientVersion"`
	Server *version.Info `json:"serverVersion,omitempty"`
	APIs   *servedAPIs   `json:"apis,omitempty"`
}

type clientVersion struct {
	GitVersion string `json:"gitVersion"`
	// GitCommit is known where the command was built in its repository.
	GitCommit string `json:"gitCommit,omitempty"`
	GoVersion string `json:"goVersion"`
	Platform  string `json:"platform"`
}

type servedAPIs struct {
	EgressRouter                cluster.API `json:"egressRouter"`
	NetworkAttachmentDefinition cluster.API `json:"networkAttachmentDefinition"`
}

type versionFlags struct {
	client bool
	output string
}

func newVersionCommand(f *factory) *cobra.Command {
	v := &versionFlags{}
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the versions of this command and of the cluster, and which APIs the cluster serves",
		Example: `  # Without asking the cluster
  ` + f.name + ` version --client`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := v.check(args); err != nil {
				return invalid(err)
			}
			return v.run(cmd.Context(), f)
		},
	}
	cmd.Flags().BoolVar(&v.client, "client", false, "Show the version of this command only; the cluster is not asked")
	cmd.Flags().StringVarP(&v.output, "output", "o", "", "json or yaml")
	return cmd
}

func (v *versionFlags) check(args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("version takes no argument (got %q)", args[0])
	}
	return checkData(v.output)
}

// run shows what there is to show even where the cluster does not answer, which fails the command.
func (v *versionFlags) run(ctx context.Context, f *factory) error {
	build, _ := debug.ReadBuildInfo()
	shown := versions{Client: clientVersion{
		GitVersion: f.version, GitCommit: commitOf(build), GoVersion: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}}
	var failed error
	if !v.client {
		failed = shown.ask(ctx, f)
	}
	if err := shown.write(f.Out, v.output); err != nil {
		return err
	}
	if hint := skew(shown.Server, minorOf(build)); hint != "" {
		f.note("%s", hint)
	}
	return failed
}

// ask fills in what the cluster says; what it did not say is left out.
func (v *versions) ask(ctx context.Context, f *factory) error {
	client, err := f.client(egress.ManagedByValue)
	if err != nil {
		return err
	}
	found, err := client.Version(ctx)
	if v.Server = found.Server; v.Server != nil {
		v.APIs = &servedAPIs{found.EgressRouter, found.NetworkAttachmentDefinition}
	}
	return err
}

func (v *versions) write(w io.Writer, format string) error {
	switch format {
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(v)
	case "yaml":
		return report.WriteYAML(w, v)
	default:
		_, err := io.WriteString(w, v.lines())
		return err
	}
}

func (v *versions) lines() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Client Version: %s\n", v.Client.GitVersion)
	if v.Server != nil {
		fmt.Fprintf(&b, "Server Version: %s\n", v.Server.GitVersion)
	}
	if v.APIs != nil {
		fmt.Fprintf(&b, "EgressRouter API: %s\n", served(v.APIs.EgressRouter))
		fmt.Fprintf(&b, "NetworkAttachmentDefinition API: %s\n", served(v.APIs.NetworkAttachmentDefinition))
	}
	return b.String()
}

func served(api cluster.API) string {
	switch {
	case api.Served == nil:
		return "unknown"
	case *api.Served:
		return api.GroupVersion
	default:
		return "not served"
	}
}

func commitOf(build *debug.BuildInfo) string {
	if build == nil {
		return ""
	}
	for _, setting := range build.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return ""
}

// minorOf is the minor of Kubernetes that the client library belongs to; 0 where that is unknown. The
// library's v0.34 is that of Kubernetes v1.34.
func minorOf(build *debug.BuildInfo) uint {
	if build == nil {
		return 0
	}
	for _, module := range build.Deps {
		if module.Path != "k8s.io/client-go" {
			continue
		}
		if v, err := utilversion.ParseGeneric(cmp.Or(module.Replace, module).Version); err == nil {
			return v.Minor()
		}
	}
	return 0
}

// skew is a hint for who uses a server that is far older or newer than what this command is built for;
// library is the client library's minor, 0 where unknown.
func skew(server *version.Info, library uint) string {
	if server == nil {
		return ""
	}
	v, err := utilversion.ParseGeneric(server.GitVersion)
	if err != nil {
		return ""
	}
	newest := library + newerMinors
	switch {
	case v.Major() == 1 && v.Minor() < oldestMinor:
		return fmt.Sprintf("hint: the server is older than Kubernetes v1.%d, the oldest that this command is meant for: it may refuse some requests", oldestMinor)
	case library > 0 && v.Major() == 1 && v.Minor() > newest:
		return fmt.Sprintf("hint: the server is newer than Kubernetes v1.%d, the newest that this command is meant for: look for a newer %s", newest, mainName)
	default:
		return ""
	}
}

func newOptionsCommand(f *factory) *cobra.Command {
	return &cobra.Command{
		Use:   "options",
		Short: "Show the flags that every command takes",
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(f.Out, "These flags can be given to every command:\n\n%s", cmd.Root().PersistentFlags().FlagUsages())
			return err
		},
	}
}
