package vsphere

import (
	"fmt"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

func (u *audit) permit(a platform.Attachment, allowed platform.Answer, why string) {
	u.permissions = append(u.permissions, platform.Permission{Router: a.Router, Node: a.Node.Name, Allowed: allowed, Why: why})
}

// allowed folds a member's places into one answer: no where any host says no, unknown where any is unknown.
func (u *audit) allowed(g *group, m member) (platform.Answer, string) {
	if g.kind == nsx {
		return platform.Unknown, string(finding.NSX) + ": NSX decides, which vCenter does not show"
	}
	rejecting := map[field][]string{}
	unknown := false
	for _, p := range g.places {
		v := u.options.judge(g.policyFor(p, m.vm))
		unknown = unknown || len(v.unknown) > 0
		for _, f := range v.rejected {
			rejecting[f] = append(rejecting[f], p.name())
		}
	}
	rejected := collect.Filter(allFields(), func(f field) bool { return rejecting[f] != nil })
	switch {
	case len(rejected) > 0:
		return platform.No, strings.Join(collect.Map(rejected, func(f field) string {
			return fmt.Sprintf("%s: %s rejected%s", f.words().code, f.words().withVerb, g.onHosts(rejecting[f]))
		}), "; ")
	case len(g.unknown) > 0:
		return platform.Unknown, string(finding.NoPrivilege) + ": the policy could not be read" + g.unread()
	case unknown:
		return platform.Unknown, string(finding.ForgedTransmits) + ": vCenter gives no value for the policy"
	case len(g.places) == 0:
		return platform.Unknown, string(finding.NoVM) + ": no host carries port group " + g.name
	}
	return platform.Yes, ""
}

// onHosts names the hosts of a standard port group that something is true of.
func (g *group) onHosts(hosts []string) string {
	if g.kind != standard {
		return ""
	}
	return fmt.Sprintf(" on %s (%d of %d hosts)", folded(hosts), len(hosts), len(g.places)+len(g.unknown))
}

func (g *group) unread() string {
	if len(g.unknown) == 0 {
		return ""
	}
	return " of " + folded(collect.Map(g.unknown, unread.String))
}
