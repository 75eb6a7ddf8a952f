package openstack

import (
	"context"
	"fmt"
	"slices"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// Plan compares what need asks for with the pairs that stand. Needed is the pair of an Attachment that is Active, of
// the only one of its router, and with AllNodes of every one; the others' Permission is told all the same.
func (a *Adapter) Plan(ctx context.Context, need []platform.Attachment) (*platform.Plan, error) {
	guarded, err := a.guarded(ctx)
	if err != nil {
		return nil, err
	}
	world, err := a.cloud.readWorld(ctx, need, a.options.Nodes, a.recorded())
	if err != nil {
		return nil, err
	}
	p := a.newPlanner(world)
	a.planned = world
	if !guarded {
		p.note("this Neutron does not check revisions (extension revision-if-match is missing): others who write the same port at the same moment may undo a write, so each is read back")
	}
	p.place(need)
	p.seeOwn()
	p.doubtBackend()
	p.findNeedless()
	p.spread()
	for i := range p.sites {
		p.judge(&p.sites[i])
	}
	p.strangers()
	p.finish()
	return p.plan, nil
}

// guarded reports whether Neutron honours revisions; it asks once.
func (a *Adapter) guarded(ctx context.Context) (bool, error) {
	a.guard.Lock()
	defer a.guard.Unlock()
	if a.checks == nil {
		checks, err := a.cloud.checksRevisions(ctx)
		if err != nil {
			return false, err
		}
		a.checks = &checks
	}
	return *a.checks, nil
}

// planner is a plan in the making.
type planner struct {
	adapter *Adapter
	options Options
	cloud   *Cloud
	world   *world
	plan    *platform.Plan
	sites   []site
	// needed are the pairs that sites need.
	needed map[Pair]bool
	// carriers are the ports that a MAC is on, or must be on, by network and MAC.
	carriers map[station]*carrier
	edits    map[string]*edit
	// order is that in which ports got an edit.
	order []string
	// recorded is what was written before, and needless those of it that stand and are not needed.
	recorded     map[string][]Pair
	needless     map[Pair]bool
	reservations []platform.Change
}

func (a *Adapter) newPlanner(w *world) *planner {
	return &planner{adapter: a, options: a.options, cloud: a.cloud, world: w, recorded: a.recorded(), edits: map[string]*edit{},
		needed: map[Pair]bool{}, needless: map[Pair]bool{}, carriers: map[station]*carrier{}, plan: &platform.Plan{Platform: Platform().Name, Where: a.Where()}}
}

func (p *planner) note(format string, args ...any) {
	note := fmt.Sprintf(format, args...)
	if !slices.Contains(p.plan.Notes, note) {
		p.plan.Notes = append(p.plan.Notes, note)
	}
}

// report adds a finding once.
func (p *planner) report(f finding.Finding) {
	if !slices.ContainsFunc(p.plan.Findings, f.Is) {
		p.plan.Findings = append(p.plan.Findings, f)
	}
}

// permit says of s whether its frames are allowed.
func (p *planner) permit(s *site, allowed platform.Answer, why string) {
	p.plan.Permissions = append(p.plan.Permissions, platform.Permission{Router: s.at.Router, Node: s.at.Node.Name, Allowed: allowed, Why: why})
}

// place finds where every attachment stands, and which are needed.
func (p *planner) place(need []platform.Attachment) {
	of, active := map[string]int{}, map[string]bool{}
	for _, at := range need {
		of[at.Router]++
		active[at.Router] = active[at.Router] || at.Active
	}
	for _, at := range need {
		s := p.world.place(at)
		s.needed = p.options.AllNodes || at.Active || of[at.Router] == 1
		p.sites = append(p.sites, s)
		if s.needed && s.known() {
			p.needed[s.pair()] = true
		}
	}
	for _, at := range need {
		if !active[at.Router] && of[at.Router] > 1 && !p.options.AllNodes {
			p.report(noPod(p.options.Run.Caller, at.Router, of[at.Router]))
		}
	}
}

// judge says what is wrong at s, and plans what fixes it.
func (p *planner) judge(s *site) {
	if s.port == nil {
		p.permit(s, platform.Unknown, string(finding.NoPort)+": "+s.fault)
		if s.needed {
			p.report(noPort(s))
		}
		return
	}
	p.answer(s)
	if !s.needed {
		return
	}
	fits := p.fits(s)
	if s.port.unsecured() {
		p.report(securityIsOff(s))
		return
	}
	p.securityGroups(s)
	switch {
	case s.at.MAC == "":
		p.report(noMAC(p.options.Run.Caller, s))
	case !fits:
		// A pair for an address that is not the router's would do harm, so it is not missed.
	case s.allowed():
		p.reserve(s)
	default:
		p.missing(s)
	}
}

// answer is the Permission of s.
func (p *planner) answer(s *site) {
	switch {
	case s.port.unsecured():
		p.permit(s, platform.Yes, "")
	case s.at.MAC == "":
		p.permit(s, platform.Unknown, string(finding.PairMissing)+": the MAC on net1 is not known")
	case !s.allowed():
		p.permit(s, platform.No, string(finding.PairMissing)+": the pair is missing")
	case p.options.Backend != OpenVSwitch && len(p.carriers[s.station()].have) > 1:
		p.permit(s, platform.Unknown, string(finding.MACOnSeveral)+": the MAC is allowed on several ports")
	default:
		p.permit(s, platform.Yes, "")
	}
}

// missing reports that the pair of s is not there, and plans it unless that would do harm.
func (p *planner) missing(s *site) {
	if elsewhere, command := p.elsewhere(s); elsewhere != "" {
		p.report(pairMissing(s, elsewhere, command))
		return
	}
	full := p.add(s)
	p.report(pairMissing(s, "add it, by one of these", p.options.Run.On(s.at.Router, "--fix"), addCommand(s.port.ID, s.pair().addressPair())))
	if full != nil {
		p.report(*full)
		return
	}
	p.reserve(s)
}
