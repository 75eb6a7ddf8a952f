package cmd

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress is the bar of a long piece of work, on a terminal; elsewhere it is nothing.
type progress struct {
	shown *progressbar.ProgressBar
}

// newProgress makes a bar for n routers where a person watches and no objects are printed.
func (o *createOptions) newProgress(n int) *progress {
	if n < 2 || o.noProgress || o.print.whole != nil || o.print.name || !isTerminal(o.Out) || !isTerminal(o.ErrOut) {
		return &progress{}
	}
	return drawn(o.ErrOut, n, "applying routers")
}

// drawn is a bar for n steps.
func drawn(w io.Writer, n int, what string) *progress {
	return &progress{shown: progressbar.NewOptions(n,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

// bar reports whether there is one.
func (p *progress) bar() bool { return p.shown != nil }

// clear makes room for a line.
func (p *progress) clear() {
	if p.shown != nil {
		_ = p.shown.Clear() // a bar that cannot be drawn is no fault
	}
}

func (p *progress) step() {
	if p.shown != nil {
		_ = p.shown.Add(1) // as above
	}
}

func (p *progress) end() {
	if p.shown != nil {
		_ = p.shown.Finish() // as above
	}
}
