// Package fileswitch is the smallest platform that there can be: a switch whose allowed MACs are in a JSON file, by
// node. It shows what an adapter has to do, and proves that another platform takes no more than an adapter and a row.
package fileswitch

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// Platform is what this adapter is for.
func Platform() platform.Platform {
	return platform.Platform{Name: "fileswitch", Title: "the file switch", Schemes: []string{"fileswitch"}}
}

const field = "allowed"

// Switch is the adapter; File is where the MACs are.
type Switch struct{ File string }

var _ platform.Adapter = Switch{}

// Plan adds the MAC of each attachment to those of its node.
func (s Switch) Plan(_ context.Context, need []platform.Attachment) (*platform.Plan, error) {
	allowed, err := s.read()
	if err != nil {
		return nil, err
	}
	plan := &platform.Plan{Platform: Platform().Name, Where: s.Where(), Changes: []platform.Change{}}
	want := map[string][]string{}
	for _, at := range need {
		p := platform.Permission{Router: at.Router, Node: at.Node.Name, Allowed: platform.Yes}
		switch {
		case at.MAC == "":
			p.Allowed, p.Why = platform.Unknown, "the MAC on net1 is not known"
		case !slices.Contains(allowed[at.Node.Name], at.MAC):
			p.Allowed, p.Why = platform.No, at.MAC+" is not allowed"
			want[at.Node.Name] = append(want[at.Node.Name], at.MAC)
			plan.Findings = append(plan.Findings, finding.New(finding.NodeReadiness, at.Router,
				fmt.Sprintf("the switch drops its frames on node %s", at.Node.Name), p.Why, "preflight fileswitch --fix"))
		}
		plan.Permissions = append(plan.Permissions, p)
	}
	for _, at := range need {
		if macs, ok := want[at.Node.Name]; ok {
			plan.Changes = append(plan.Changes, s.change(at, allowed[at.Node.Name], macs))
			delete(want, at.Node.Name)
		}
	}
	return plan, nil
}

func (s Switch) change(at platform.Attachment, now, more []string) platform.Change {
	return platform.Change{
		ID: at.Node.Name, Target: "port of " + at.Node.Name, Routers: []string{at.Router}, Field: field,
		Before: encode(now), After: encode(slices.Concat(now, more)), Reason: at.Router + " sends from here",
		Command: fmt.Sprintf("edit %s # %s: %s", s.File, at.Node.Name, strings.Join(more, " ")),
	}
}

// Apply adds what After has to what stands.
func (s Switch) Apply(_ context.Context, plan *platform.Plan, done func(platform.Change, error)) error {
	return s.each(plan.Changes, done, func(c *platform.Change, now []string) ([]string, error) {
		after := slices.Clone(now)
		for _, mac := range decode(c.After) {
			if !slices.Contains(now, mac) {
				after = append(after, mac)
			}
		}
		c.Before, c.After = encode(now), encode(after)
		return after, nil
	})
}

// Revert writes Before where After stands, last change first.
func (s Switch) Revert(_ context.Context, changes []platform.Change, done func(platform.Change, error)) error {
	last := slices.Clone(changes)
	slices.Reverse(last)
	return s.each(last, done, func(c *platform.Change, now []string) ([]string, error) {
		if before := decode(c.Before); slices.Equal(now, before) || slices.Equal(now, decode(c.After)) {
			return before, nil
		}
		return nil, platform.ErrMoved
	})
}

// Where names the file.
func (s Switch) Where() string { return "file " + s.File }

// Close has nothing to do.
func (s Switch) Close(context.Context) error { return nil }

// each sets the MACs of the node of each change to what next makes of them.
func (s Switch) each(changes []platform.Change, done func(platform.Change, error), next func(c *platform.Change, now []string) ([]string, error)) error {
	failed := 0
	for _, c := range changes {
		allowed, err := s.read()
		if err == nil {
			if allowed[c.ID], err = next(&c, allowed[c.ID]); err == nil {
				err = s.write(allowed)
			}
		}
		if err != nil {
			failed++
		}
		done(c, err)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d changes failed", failed, len(changes))
	}
	return nil
}

func (s Switch) read() (map[string][]string, error) {
	data, err := os.ReadFile(s.File)
	if err != nil {
		return nil, fmt.Errorf("reading the switch: %w", err)
	}
	var allowed map[string][]string
	if err := json.Unmarshal(data, &allowed); err != nil {
		return nil, fmt.Errorf("reading the switch in %s: %w", s.File, err)
	}
	return allowed, nil
}

// write puts the whole file in the place of the old one at once: sync may read it in the meantime.
func (s Switch) write(allowed map[string][]string) error {
	data, err := json.Marshal(allowed)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.File+".new", data, 0o600); err != nil {
		return fmt.Errorf("writing the switch: %w", err)
	}
	return os.Rename(s.File+".new", s.File)
}

func encode(macs []string) json.RawMessage {
	data, _ := json.Marshal(macs) // strings can be marshalled
	return data
}

// decode reads what encode wrote; anything else is no MAC.
func decode(data json.RawMessage) []string {
	var macs []string
	_ = json.Unmarshal(data, &macs)
	return macs
}
