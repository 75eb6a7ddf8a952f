package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// figures are what one run of a process cost.
type figures struct {
	wall   time.Duration
	maxRSS int64 // bytes
}

// series is a row of pairs: the command and kubectl, one after the other.
type series struct {
	ours, theirs []figures
}

// pair runs both once, ours first; between says what to do before each.
func (s *series) pair(ctx context.Context, b *bench, ours, theirs []string, between func() error) error {
	for _, side := range []struct {
		binary string
		args   []string
		to     *[]figures
	}{{b.egress, ours, &s.ours}, {b.kubectl, theirs, &s.theirs}} {
		if between != nil {
			if err := between(); err != nil {
				return err
			}
		}
		f, err := b.time(ctx, b.cluster.Kubeconfig, side.binary, side.args...)
		if err != nil {
			return err
		}
		*side.to = append(*side.to, f)
	}
	return nil
}

// time runs a process to its end.
func (b *bench) time(ctx context.Context, kubeconfig, binary string, args ...string) (figures, error) {
	command := exec.CommandContext(ctx, binary, args...)
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	command.Dir = b.dir
	log, err := os.CreateTemp(b.dir, "output-")
	if err != nil {
		return figures{}, err
	}
	defer func() { _ = log.Close() }()
	command.Stdout, command.Stderr = log, log
	started := time.Now()
	if err := command.Run(); err != nil {
		text, _ := os.ReadFile(log.Name()) // the run's own error says enough without it
		return figures{}, fmt.Errorf("%s %v: %w\n%s", binary, args, err, text)
	}
	f := figures{wall: time.Since(started)}
	if usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.maxRSS = usage.Maxrss * 1024
	}
	return f, nil
}

// String is the series in a line: the ratio of wall times pair by pair, and the medians.
func (s *series) String(what string) string {
	var ratios []float64
	for i := range s.ours {
		ratios = append(ratios, s.ours[i].wall.Seconds()/s.theirs[i].wall.Seconds())
	}
	slices.Sort(ratios)
	return fmt.Sprintf("%-34s ratio %.2f (%.2f to %.2f) of %d pairs; median %s and %.0f MiB against %s and %.0f MiB",
		what, ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1], len(ratios),
		median(s.ours).wall.Round(time.Millisecond), float64(median(s.ours).maxRSS)/(1<<20),
		median(s.theirs).wall.Round(time.Millisecond), float64(median(s.theirs).maxRSS)/(1<<20))
}

func median(f []figures) figures {
	sorted := slices.Clone(f)
	slices.SortFunc(sorted, func(a, b figures) int { return int(a.wall - b.wall) })
	return sorted[len(sorted)/2]
}
