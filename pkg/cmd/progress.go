package cmd

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress is the bar of a long piece of work, on a terminal; elsewhere it shows nothing.
type progress struct {
	*progressbar.ProgressBar
	// shown tells that a person sees it.
	shown bool
}

// newProgress makes a bar for n steps where a person watches and wants it.
func (f *factory) newProgress(n int, what string, wanted bool) *progress {
	shown := wanted && n > 1 && isTerminal(f.ErrOut)
	return &progress{shown: shown, ProgressBar: progressbar.NewOptions(n,
		progressbar.OptionSetWriter(f.ErrOut),
		progressbar.OptionSetVisibility(shown),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

// clear makes room for a line. That a bar cannot be drawn is no fault, here and below.
func (p *progress) clear() { _ = p.Clear() }

func (p *progress) step() { _ = p.Add(1) }

func (p *progress) end() { _ = p.Finish() }
