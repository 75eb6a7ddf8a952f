package cmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/controller"
)

// syncFlags are the flags of sync; on has those of each platform.
type syncFlags struct {
	on          map[string]platformSync
	fromCluster bool
	resync      time.Duration
	listen      string
	leaderElect bool
	lease       string
	// flags are all of them, and owners the platforms of those that not every platform takes.
	flags  *pflag.FlagSet
	owners map[string]platformTable
}

func newSyncCommand(f *factory) *cobra.Command {
	s := &syncFlags{on: map[string]platformSync{}, owners: map[string]platformTable{}}
	cmd := &cobra.Command{
		Use:   "sync [" + strings.Join(collect.Map(f.platforms, platformRow.name), "|") + "]",
		Short: "Keep the platform in step while routers' pods move, or watch over its policies",
		Args: func(_ *cobra.Command, args []string) error {
			_, err := f.named(args)
			return err
		},
		RunE: func(cmd *cobra.Command, args []string) error { return s.run(cmd.Context(), f, args) },
	}
	var words []syncWords
	var choices []cobra.Completion
	for _, row := range f.platforms {
		s.on[row.Name] = row.sync()
		own := s.on[row.Name].words(f.name)
		words, choices = append(words, own), append(choices, cobra.CompletionWithDesc(row.Name, own.does))
	}
	s.help(cmd, f, words)
	s.add(cmd, f)
	cmd.ValidArgsFunction = completeFirst(choices)
	return cmd
}

// help sets the long text and the examples.
func (s *syncFlags) help(cmd *cobra.Command, f *factory, words []syncWords) {
	var about, examples strings.Builder
	for _, w := range words {
		about.WriteString(w.about + "\n\n")
		examples.WriteString("\n\n" + w.example)
	}
	cmd.Long = `Watches the egress routers of the whole cluster, their pods and the nodes. Without a platform's name the cluster
tells which it is; where it does not, ` + f.platforms[0].Title + ` is taken.

` + about.String() + `It runs until it is interrupted: in a terminal, or as the Deployment of deploy/sync or deploy/sync/vsphere. Of
several with --leader-elect one works; the Lease is in the namespace of -n, else the current one.`
	cmd.Example = `  # On the platform that the cluster runs on, with metrics and health checks
  ` + f.name + ` sync --listen 127.0.0.1:8080` + examples.String()
}

func (s *syncFlags) add(cmd *cobra.Command, f *factory) {
	s.flags = cmd.Flags()
	var secrets []string
	for _, row := range f.platforms {
		own := pflag.NewFlagSet(row.Name, pflag.ContinueOnError)
		s.on[row.Name].add(own)
		own.VisitAll(func(flag *pflag.Flag) { s.owners[flag.Name] = platformTable{row} })
		s.flags.AddFlagSet(own)
		if row.secret != "" {
			secrets = append(secrets, row.secret+" ("+row.Title+")")
			s.owners["use-cluster-credentials"] = append(s.owners["use-cluster-credentials"], row)
		}
	}
	s.flags.BoolVar(&s.fromCluster, "use-cluster-credentials", false, "Take the credentials from OpenShift's Secret "+strings.Join(secrets, " or "))
	s.flags.DurationVar(&s.resync, "resync", 5*time.Minute, "How often to compare all with the platform although nothing was heard")
	s.flags.StringVar(&s.listen, "listen", "", "The `ADDRESS:PORT` that serves /metrics, /healthz and /readyz; none without")
	s.flags.BoolVar(&s.leaderElect, "leader-elect", false, "Let one of several processes work, the one that holds the Lease")
	s.flags.StringVar(&s.lease, "leader-elect-lease", controller.Name, "The name of that Lease")
}

func (s *syncFlags) validate() error {
	if err := errors.Join(collect.Map(slices.Collect(maps.Values(s.on)), platformSync.validate)...); err != nil {
		return err
	}
	switch {
	case s.listen != "" && !canListen(s.listen):
		return fmt.Errorf("invalid --listen %s: write ADDRESS:PORT, such as 127.0.0.1:8080, or :8080 for all", s.listen)
	case s.flags.Changed("leader-elect-lease") && !s.leaderElect:
		return fmt.Errorf("--leader-elect-lease names the Lease of --leader-elect: give that too, or leave it out")
	case len(validation.IsDNS1123Subdomain(s.lease)) > 0:
		return fmt.Errorf("invalid --leader-elect-lease %q: write it in small letters, digits and -, such as %s", s.lease, controller.Name)
	case s.resync < time.Second:
		return fmt.Errorf("--resync %s is too short: write 1s or more, such as 5m", s.resync)
	}
	return nil
}

// canListen reports whether address is one with a port; that its host is this machine's is seen later.
func canListen(address string) bool {
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(text, 10, 16)
	return err == nil
}

func (s *syncFlags) run(ctx context.Context, f *factory, args []string) error {
	if err := s.validate(); err != nil {
		return invalid(err)
	}
	if err := trustPublicCAs(); err != nil {
		return err
	}
	on, err := s.platform(ctx, f, args)
	if err != nil {
		return err
	}
	o, err := s.options(ctx, f, on)
	if err != nil {
		return err
	}
	err = controller.Run(ctx, o)
	switch {
	case ctx.Err() == nil:
		return err
	case terminated(ctx):
		return nil
	default:
		// Nothing is left to complete: this is how it ends in a terminal.
		return &exitError{code: exitInterrupted}
	}
}

// terminated reports whether it was SIGTERM that ended ctx: the way in which a pod is asked to go.
func terminated(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return cause != nil && cause.Error() == syscall.SIGTERM.String()+" signal received"
}
