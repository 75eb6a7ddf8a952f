package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
)

// The exit codes that scripts rely on.
const (
	exitDone        = 0
	exitFailed      = 1
	exitInvalid     = 2
	exitErrors      = 3
	exitWarnings    = 4
	exitTimeout     = 5
	exitInterrupted = 130
)

// exitError ends the command with a code. Without err, all has been said already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// invalid is err as the fault of what the user gave.
func invalid(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitInvalid, err}
}

// runs makes a command's RunE of a verb's two halves: complete makes options of what the user typed, and whatever it refuses
// is the user's fault; then the options run.
func runs[O interface{ run(context.Context) error }](f *factory, complete func(*factory, *cobra.Command, []string) (O, error)) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		o, err := complete(f, cmd, args)
		if err != nil {
			return invalid(err)
		}
		return o.run(cmd.Context())
	}
}

// filled refuses a flag that is given as "": behind it is a variable that nobody set, and what such a flag leaves open
// would be as the default says.
func filled(cmd *cobra.Command) error {
	var errs []error
	inherited := cmd.InheritedFlags()
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		value := flag.Value.String()
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			value = strings.Join(list.GetSlice(), "")
		}
		if (value == "" || value == "[]") && flag.Name != "output" && inherited.Lookup(flag.Name) == nil {
			errs = append(errs, fmt.Errorf("--%s is empty: give it a value, or leave it out", flag.Name))
		}
	})
	return errors.Join(errs...)
}

// finish says what err is and gives the exit code for it: the one place where errors become codes.
func (f *factory) finish(ctx context.Context, err error) int {
	if err == nil {
		return exitDone
	}
	if ctx.Err() != nil && f.code(err) != exitInterrupted {
		f.note("interrupted: run the command again to complete it")
		return exitInterrupted
	}
	if err.Error() != "" {
		f.note("error: %v", err)
	}
	return f.code(err)
}

func (f *factory) code(err error) int {
	if exit, ok := errors.AsType[*exitError](err); ok {
		return exit.code
	}
	if _, ok := errors.AsType[*apply.TimeoutError](err); ok {
		return exitTimeout
	}
	return exitFailed
}
