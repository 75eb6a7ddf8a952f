package vsphere

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/vmware/govmomi/vim25/types"
	"golang.org/x/sync/errgroup"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// audit is one Plan in the making.
type audit struct {
	options     Options
	inventories []*inventory
	// machines are the nodes' virtual machines by the node's name.
	machines map[string]found
	groups   []*group
	// strays are attachments on no group, and why.
	strays []stray

	changes     []*pending
	findings    []finding.Finding
	permissions []platform.Permission
	notes       []string
}

// stray is an attachment whose network could not be told.
type stray struct {
	platform.Attachment
	why     string
	unknown *unread
}

// Plan compares what need asks for with what the switches allow now, for every host that a node could run
// on. It writes nothing. An error is a vCenter that could not be read.
func (a *Adapter) Plan(ctx context.Context, need []platform.Attachment) (*platform.Plan, error) {
	u := &audit{options: a.options, inventories: make([]*inventory, len(a.vcenters)), machines: map[string]found{}}
	g, reading := errgroup.WithContext(ctx)
	for i, v := range a.vcenters {
		g.Go(func() (err error) {
			u.inventories[i], err = v.read(reading)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	u.match(need)
	if err := u.group(ctx, need); err != nil {
		return nil, err
	}
	u.judge()
	if err := u.privileges(ctx); err != nil {
		return nil, err
	}
	return u.plan(a.Where())
}

func (u *audit) plan(where string) (*platform.Plan, error) {
	p := &platform.Plan{
		Platform: Platform().Name, Where: where, Findings: u.findings, Permissions: u.permissions, Changes: []platform.Change{},
		Notes: append([]string{"the rule applied is " + u.options.rule()}, u.notes...),
	}
	for _, alike := range collect.Groups(u.changes, func(c *pending) target { return c.target }) {
		c := *alike[0]
		for _, other := range alike[1:] {
			c.fields, c.routers = slices.Concat(c.fields, other.fields), slices.Concat(c.routers, other.routers)
		}
		change, err := c.change(u.options)
		if err != nil {
			return nil, err
		}
		p.Changes = append(p.Changes, change)
	}
	slices.SortFunc(p.Changes, func(a, b platform.Change) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.ID, b.ID))
	})
	finding.Sort(p.Findings)
	return p, nil
}

// rule says what is required, and by which flag.
func (o Options) rule() string {
	switch {
	case o.Require == RequireDocs:
		return "--require=docs: promiscuous mode, MAC address changes and forged transmits accepted, as OpenShift's documentation has it"
	case o.UseMACLearning:
		return "--require=minimal: forged transmits accepted, and MAC learning on or promiscuous mode accepted"
	default:
		return "--require=minimal: forged transmits accepted, and promiscuous mode accepted unless MAC learning is on"
	}
}

// match finds the virtual machine of every node.
func (u *audit) match(need []platform.Attachment) {
	all := machines(u.inventories)
	for _, n := range need {
		if _, done := u.machines[n.Node.Name]; !done {
			hit, err := findVM(all, n.Node)
			hit.lost = err
			u.machines[n.Node.Name] = hit
		}
	}
}

// group sorts the attachments by the network that their frames leave by, and reads what few need.
func (u *audit) group(ctx context.Context, need []platform.Attachment) error {
	if err := u.nics(ctx); err != nil {
		return err
	}
	byKey := map[string]*group{}
	for _, n := range need {
		hit := u.machines[n.Node.Name]
		if hit.lost != nil {
			u.strays = append(u.strays, stray{Attachment: n, why: hit.lost.Error()})
			continue
		}
		if privilege, held := hit.vm.lacks("network"); held {
			u.strays = append(u.strays, stray{n, "its networks could not be read", &unread{"virtual machine " + hit.vm.name, privilege}})
			continue
		}
		network, err := choose(n, hit.vm)
		if err != nil {
			u.strays = append(u.strays, stray{Attachment: n, why: "virtual machine " + hit.vm.name + ": " + err.Error()})
			continue
		}
		g := newGroup(hit.inv, network, hit.vm)
		if known, ok := byKey[g.key()]; ok {
			g = known
		}
		byKey[g.key()] = g
		g.members = append(g.members, member{n, hit.vm})
	}
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		byKey[key].fill()
		u.groups = append(u.groups, byKey[key])
	}
	return u.overrides(ctx)
}

// nics reads the NICs of the nodes that are on several networks.
func (u *audit) nics(ctx context.Context) error {
	for _, inv := range u.inventories {
		several := map[ref]*vm{}
		for _, hit := range u.machines {
			if hit.inv == inv && len(hit.vm.networks) > 1 {
				several[hit.vm.ref] = hit.vm
			}
		}
		if err := inv.readNICs(ctx, several); err != nil {
			return err
		}
	}
	return nil
}

// overrides reads the ports of the port groups that allow ports to differ: only there can they.
func (u *audit) overrides(ctx context.Context) error {
	for _, inv := range u.inventories {
		bySwitch := map[ref][]*dvPortGroup{}
		for _, g := range u.groups {
			if g.inv == inv && g.kind == distributed && g.dv != nil && g.dv.allowsOverrides() {
				dvs := *g.dv.config.DistributedVirtualSwitch
				bySwitch[dvs] = append(bySwitch[dvs], g.dv)
			}
		}
		for dvs, groups := range bySwitch {
			if err := inv.readPorts(ctx, dvs, groups); err != nil {
				return fmt.Errorf("reading the ports of distributed port groups: %w", err)
			}
		}
	}
	return nil
}

// judge holds every place against what is required: the changes, the findings and the permissions.
func (u *audit) judge() {
	for _, s := range u.strays {
		u.permit(s.Attachment, platform.Unknown, string(finding.NoVM)+": "+s.why)
	}
	u.strayFindings()
	for _, g := range u.groups {
		u.plans(g)
	}
	for _, g := range u.groups {
		u.groupFindings(g)
		allowed, why := u.allowed(g, g.members[0])
		for _, m := range g.members {
			if g.overridden() {
				allowed, why = u.allowed(g, m)
			}
			u.permit(m.Attachment, allowed, why)
		}
	}
}

// allowsOverrides reports whether a port may differ from its group.
func (g *dvPortGroup) allowsOverrides() bool {
	p, ok := g.config.Policy.(*types.VMwareDVSPortgroupPolicy)
	return ok && g.config.DistributedVirtualSwitch != nil &&
		(p.SecurityPolicyOverrideAllowed || p.MacManagementOverrideAllowed != nil && *p.MacManagementOverrideAllowed)
}
