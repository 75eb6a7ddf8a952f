package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster"
	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/read"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/report"
)

// review shows what the judge finds about the routers when the wait for them has ended, well or not: it reads what
// preflight reads. It ends with the findings' exit code.
func (o *createOptions) review(ctx context.Context, client *cluster.Client, jobs []job) error {
	namespace := ""
	if names := namespacesOf(o.routers); len(names) == 1 {
		namespace = names[0]
	}
	s, err := read.Snapshot(ctx, client, read.Options{Namespace: namespace, Wide: true, Checks: true})
	if err != nil {
		return fmt.Errorf("looking at what became of it: %w", err)
	}
	judged := check.Judge(s, check.Options{Command: o.name, Only: o.names})
	if err := unread(o.factory, s); err != nil {
		o.note("%v", err)
	}
	var shown []finding.Finding
	up := false
	for _, r := range s.Routers {
		if !o.names(r.Namespace, r.Name) || r.Provisioner != o.provisioner {
			continue
		}
		p := judged.Progress(r)
		up = up || p.Stage == check.StageServing
		for _, f := range judged.On(r) {
			if f.Level != finding.Info || slices.Contains(p.Findings, f) {
				shown = append(shown, f)
			}
		}
	}
	for _, f := range finding.AtLeast(judged.Findings, finding.Error) {
		if !strings.Contains(f.Object, "/") && f.Code != finding.Forbidden {
			shown = append(shown, f)
		}
	}
	on, dropping := o.platforms.row(platform.Detect(s, o.platforms.known()))
	return o.tell(shown, up && dropping, on, jobs)
}

// tell shows findings, and which command asks the platform where that is one that drops frames by their MAC.
func (o *createOptions) tell(shown []finding.Finding, ask bool, on platformRow, jobs []job) error {
	if len(shown) > 0 {
		if err := report.New(shown, nil, nil).Write(o.ErrOut, "table", colour(o.ErrOut)); err != nil {
			return err
		}
	}
	if ask {
		of := "-A"
		if len(jobs) == 1 {
			of = fmt.Sprintf("%s -n %s", jobs[0].router.Name, jobs[0].router.Namespace)
		}
		o.note("whether %s allows the frames was not checked: %s preflight %s %s", on.Title, o.name, on.Name, of)
	}
	return findingOptions{failOn: o.failOn}.exit(finding.Summarize(shown), exitErrors)
}
