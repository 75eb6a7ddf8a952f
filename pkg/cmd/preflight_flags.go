package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-egress/kubectl-egress/pkg/check"
	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
	"github.com/kubectl-egress/kubectl-egress/pkg/report"
)

// formatCommands is the value of -o that prints what a person could run by hand.
const formatCommands = "commands"

// preflightFlags are the flags of preflight, with and without a platform's name.
type preflightFlags struct {
	findingFlags
	lookFlags
	checkFlags
}

func newPreflightFlags() preflightFlags {
	return preflightFlags{checkFlags: checkFlags{provisioner: string(egress.Auto)}}
}

func (p *preflightFlags) add(cmd *cobra.Command) {
	p.lookFlags.add(cmd)
	p.checkFlags.add(cmd)
	p.findingFlags.add(cmd)
}

// options are p, checked.
func (p *preflightFlags) options(f *factory) (*platformOptions, error) {
	o := &platformOptions{factory: f, platformFlags: platformFlags{preflightFlags: *p, concurrency: platformConcurrency}}
	var errs [2]error
	o.findingOptions, errs[0] = p.findingFlags.options()
	o.checks, errs[1] = p.checkFlags.options(f)
	return o, cmp.Or(errs[:]...)
}

// platformFlags are the flags of preflight with any platform's name.
type platformFlags struct {
	preflightFlags

	fix         bool
	yes         bool
	ungranted   bool
	save        string
	revert      string
	address     string
	nodes       []string
	concurrency int
	noProgress  bool
	// described are the flags that say what is asked, and of whom: whoever runs it again needs them.
	described []*pflag.Flag
}

func (p *platformFlags) add(cmd *cobra.Command, service string) {
	p.preflightFlags.add(cmd)
	flags := cmd.Flags()
	flags.Lookup("output").Usage += "; " + formatCommands + " prints what could be run by hand"
	flags.BoolVar(&p.fix, "fix", false, "Show what must change, ask, and change it in "+service)
	flags.BoolVarP(&p.yes, "yes", "y", false, "Do not ask")
	flags.BoolVar(&p.ungranted, "ungranted", false, "With --fix, change it for routers too that no grant gives their address")
	flags.StringVar(&p.save, "save", "", "With --fix, keep what was changed in a new `FILE`, for --revert")
	flags.StringVar(&p.revert, "revert", "", "Put back what the `FILE` of --save says was changed")
	flags.StringVar(&p.address, "address", "", "Look at this reserved `IP[/PREFIX]` in place of the cluster's routers")
	flags.StringArrayVar(&p.nodes, "node", nil, "With --address, a node that it is to leave from; may be repeated")
	flags.IntVar(&p.concurrency, "concurrency", platformConcurrency, "How many changes to make at a time")
	flags.BoolVar(&p.noProgress, "no-progress", false, "Show no progress")
}

// platformConcurrency is how many changes are made at a time unless --concurrency says otherwise.
const platformConcurrency = 8

// platformOptions are what preflight needs to run.
type platformOptions struct {
	*factory
	findingOptions
	platformFlags
	// on is the platform that was named, or that the cluster runs on.
	on platformRow
	// rerun is how it is run again.
	rerun    finding.Run
	checks   check.Options
	commands bool
	byHand   netip.Prefix
}

// complete checks the flags, and that a person or --yes agrees to what they ask for.
func (p *platformFlags) complete(f *factory, on platformRow, args []string) (*platformOptions, error) {
	shared := p.preflightFlags
	commands := shared.output == formatCommands
	if commands {
		shared.output = report.Formats()[0]
	}
	o, err := shared.options(f)
	if err != nil {
		if report.CheckFormat(shared.output) != nil {
			return nil, fmt.Errorf("%w, %s", err, formatCommands)
		}
		return nil, err
	}
	o.platformFlags, o.on, o.commands = *p, on, commands
	if o.rerun, err = p.again(f, on, args); err != nil {
		return nil, err
	}
	if err := p.goTogether(f, args); err != nil {
		return nil, err
	}
	return o, o.attachmentByHand(args)
}

// rerun is how preflight is run again for the same routers.
func (f *factory) rerun(l lookFlags, names []string) (finding.Run, error) {
	r := finding.Run{Caller: f.caller(), Scope: names}
	namespace, explicit, err := f.currentNamespace()
	if l.all || l.from != "" && !explicit && len(names) == 0 {
		r.Scope = []string{"-A"}
	} else {
		r.Namespace = namespace
	}
	return r, err
}

// again is how it is run again, with the flags that say what it asks.
func (p *platformFlags) again(f *factory, on platformRow, names []string) (finding.Run, error) {
	r, err := f.rerun(p.lookFlags, names)
	r.Verb = []string{"preflight", on.Name}
	if p.address != "" {
		r.Namespace, r.Scope = "", nil
	}
	for _, flag := range p.described {
		values := []string{flag.Value.String()}
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, value := range values {
			switch {
			case !flag.Changed:
			case value == flag.NoOptDefVal:
				r.Flags = append(r.Flags, "--"+flag.Name)
			default:
				r.Flags = append(r.Flags, "--"+flag.Name+"="+withoutUser(value))
			}
		}
	}
	return r, err
}

// withoutUser is a flag's value, without the user and the password where it is a URL that has them.
func withoutUser(value string) string {
	u, err := url.Parse(value)
	if err != nil || u.User == nil {
		return value
	}
	u.User = nil
	return u.String()
}

// goTogether says which flags contradict each other, or lack one.
func (p *platformFlags) goTogether(f *factory, args []string) error {
	writes := p.fix || p.revert != ""
	for _, rule := range []struct {
		broken bool
		say    string
	}{
		{p.concurrency < 1, fmt.Sprintf("--concurrency %d makes no sense: write 1 or more", p.concurrency)},
		{p.fix && p.revert != "", "--fix changes and --revert puts back: choose one"},
		{p.ungranted && !p.fix, "--ungranted says for whom --fix changes something: add --fix, or leave it out"},
		{p.save != "" && !p.fix, "--save keeps what --fix changes: add --fix, or leave it out"},
		{p.output == formatCommands && writes, "-o commands prints what could be run by hand: leave --fix and --revert out"},
		{p.fix && p.from != "", "--fix works on the cluster as it is, not on a file: leave --from out"},
		{p.revert != "" && (len(args) > 0 || p.address != ""), "--revert puts back all that its file holds: leave NAME and --address out"},
		{writes && !p.yes && !f.interactive(), "this would write, and stdin is not a terminal: pass --yes"},
	} {
		if rule.broken {
			return errors.New(rule.say)
		}
	}
	return nil
}

// attachmentByHand reads --address and --node.
func (o *platformOptions) attachmentByHand(args []string) error {
	switch {
	case o.address == "" && len(o.nodes) > 0:
		return errors.New("--node goes with --address: it says where an address without a router is to leave from")
	case o.address == "":
		return nil
	case len(args) > 0:
		return errors.New("--address describes a router that is not there yet: leave NAME out")
	case len(o.nodes) == 0:
		return fmt.Errorf("from which node is %s to leave? Name it with --node", o.address)
	}
	prefix, err := netip.ParsePrefix(o.address)
	if err != nil {
		addr, err := netip.ParseAddr(o.address)
		if err != nil {
			return fmt.Errorf("invalid --address %s: write an IP address such as 192.168.12.99 or 192.168.12.99/24", o.address)
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	if !prefix.Addr().Is4() {
		return fmt.Errorf("--address %s is not IPv4: the CNI plugin fails on IPv6", o.address)
	}
	o.byHand = prefix
	return nil
}

// attachments are what is to be let through: what --address says, or the routers asked for.
func (o *platformOptions) attachments(l *look, ready *preparation) ([]platform.Attachment, error) {
	if !o.byHand.IsValid() {
		return platform.Attachments(l.Snapshot, l.routers(), ready.allNodes), nil
	}
	nodes := platform.Nodes(l.Snapshot)
	var need []platform.Attachment
	for _, name := range slices.Compact(slices.Sorted(slices.Values(o.nodes))) {
		node, ok := nodes[name]
		if !ok {
			if unread := l.UnknownOf("nodes"); unread != nil {
				return nil, fmt.Errorf("node %s: nodes cannot be read: %s", name, unread.Reason)
			}
			return nil, invalid(fmt.Errorf("--node %s: the cluster has no such node: see %s get nodes", name, o.host()))
		}
		need = append(need, platform.Attachment{Router: o.byHand.Addr().String(), Node: node, IP: o.byHand, MAC: ready.mac, Active: true, Named: true})
	}
	return need, nil
}
