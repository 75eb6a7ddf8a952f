package cmd

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// dryRun is a --dry-run value.
type dryRun string

const (
	dryRunNone   dryRun = "none"
	dryRunClient dryRun = "client"
	dryRunServer dryRun = "server"
)

func parseDryRun(s string) (dryRun, error) {
	if d := dryRun(s); slices.Contains([]dryRun{dryRunNone, dryRunClient, dryRunServer}, d) {
		return d, nil
	}
	return "", fmt.Errorf("--dry-run %q is unknown: write none, client or server", s)
}

// suffix is how kubectl marks what was not written.
func (d dryRun) suffix() string {
	return map[dryRun]string{dryRunClient: " (dry run)", dryRunServer: " (server dry run)"}[d]
}

// applyFlags are the flags of every verb that applies objects.
type applyFlags struct {
	provisioner    string
	dryRun         string
	manager        string
	forceConflicts bool
	adopt          bool
	print          *genericclioptions.PrintFlags
}

func newApplyFlags() *applyFlags {
	return &applyFlags{
		provisioner: string(egress.Auto), dryRun: string(dryRunNone), manager: egress.ManagedByValue,
		print: genericclioptions.NewPrintFlags(""),
	}
}

func (a *applyFlags) add(cmd *cobra.Command) {
	addProvisioner(cmd, &a.provisioner)
	cmd.Flags().BoolVar(&a.adopt, "adopt", false, "Go on where an object of the same name was made by another")
	a.addWriting(cmd)
}

// addWriting adds those that say how an object is applied, whatever it is.
func (a *applyFlags) addWriting(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&a.dryRun, "dry-run", a.dryRun, "none, client (print what would be applied; needs no cluster) or server (let the server check it, without writing)")
	flags.StringVar(&a.manager, "field-manager", a.manager, "Who owns the fields that are applied")
	flags.BoolVar(&a.forceConflicts, "force-conflicts", false, "Take over fields that others have set to other values")
	a.print.AddFlags(cmd)
}

func addProvisioner(cmd *cobra.Command, value *string) {
	cmd.Flags().StringVar(value, "provisioner", *value, "Who creates the NetworkAttachmentDefinition (NAD) and the Deployment: operator (the Cluster Network Operator), standalone (this command), or auto (operator where the cluster serves EgressRouters)")
}

// parseAll makes a value of each of texts; flag begins the error about one.
func parseAll[S, T any](flag string, texts []S, parse func(S) (T, error)) ([]T, error) {
	var out []T
	for _, text := range texts {
		value, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s%w", flag, err)
		}
		out = append(out, value)
	}
	return out, nil
}

// applyOptions are applyFlags, checked.
type applyOptions struct {
	provisioner egress.Provisioner
	dryRun      dryRun
	manager     string
	apply       apply.Options
	print       *printer
}

func (a *applyFlags) options(f *factory) (applyOptions, error) {
	var o applyOptions
	var errs [2]error
	o.provisioner, errs[0] = egress.ParseProvisioner(a.provisioner)
	o.dryRun, errs[1] = parseDryRun(a.dryRun)
	if err := cmp.Or(errs[:]...); err != nil {
		return o, err
	}
	if problems := validation.ValidateFieldManager(a.manager, nil); len(problems) > 0 {
		return o, fmt.Errorf("--field-manager %q cannot be used: write at most %d printable characters, such as %s",
			a.manager, validation.FieldManagerMaxLength, egress.ManagedByValue)
	}
	o.manager = a.manager
	o.apply = apply.Options{DryRun: o.dryRun == dryRunServer, ForceConflicts: a.forceConflicts, Adopt: a.adopt}
	var err error
	o.print, err = newPrinter(f.Out, a.print, o.dryRun)
	return o, err
}

// waitFlags are the flags of every verb that can wait.
type waitFlags struct {
	wait    bool
	timeout time.Duration
}

func (w *waitFlags) add(cmd *cobra.Command, byDefault bool, help string) {
	cmd.Flags().BoolVar(&w.wait, "wait", byDefault, help)
	cmd.Flags().DurationVar(&w.timeout, "timeout", 2*time.Minute, "How long to wait")
}

func (w *waitFlags) check() error {
	if w.timeout <= 0 {
		return fmt.Errorf("invalid --timeout %s: write a duration such as 2m, or --wait=false", w.timeout)
	}
	return nil
}
