package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/report"
)

// openSave begins the file of --save with the plan, before anything is changed. Without --save nothing is kept.
func (o *platformOptions) openSave(plan *platform.Plan) (*os.File, error) {
	if o.save == "" {
		return os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	}
	file, err := newFile("--save", o.save, "the file is there already, and what it keeps may still be needed: name another, and take them back newest first")
	if err != nil {
		return nil, invalid(err)
	}
	if err := platform.Save(file, plan); err != nil {
		return nil, errors.Join(fmt.Errorf("--save %s: %w", o.save, err), file.Close())
	}
	return file, nil
}

// putBack carries out --revert: what the file says was changed is set back.
func (o *platformOptions) putBack(ctx context.Context, ready *preparation) error {
	file, err := os.Open(o.revert)
	if err != nil {
		return invalid(fmt.Errorf("--revert: %w", err))
	}
	of, changes, err := platform.Load(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return invalid(fmt.Errorf("--revert %s: %w", o.revert, err))
	}
	if of != o.on.Name {
		return invalid(fmt.Errorf("--revert %s: it keeps what was changed in %s: use \"%s preflight %s --revert\"", o.revert, of, o.name, of))
	}
	return o.connected(ctx, ready, nil, func(adapter platform.Adapter) error {
		back := platform.Plan{Platform: of, Where: adapter.Where(), Changes: changes}.Invert()
		if err := o.confirm(&back); err != nil {
			return err
		}
		tell := o.teller(len(changes))
		defer tell.bar.end()
		tell.word = "put back"
		return adapter.Revert(ctx, changes, tell.done)
	})
}

// teller says what became of each change: a line each on stdout, where that holds no object, and a bar on a
// terminal.
type teller struct {
	*platformOptions
	bar  *progress
	word string
}

func (o *platformOptions) teller(n int) *teller {
	return &teller{o, o.newProgress(n, "changing "+o.on.service, !o.noProgress), "changed"}
}

// done tells of one change.
func (t *teller) done(c platform.Change, err error) {
	t.bar.clear()
	switch {
	case err != nil:
		t.note("error: %s: %v", c.Target, err)
	case t.findingOptions.output == report.Formats()[0]:
		fprintf(t.Out, "%s %s\n", finding.Printable(c.Target), t.word)
	default:
		t.note("%s %s", c.Target, t.word)
	}
	t.bar.step()
}
