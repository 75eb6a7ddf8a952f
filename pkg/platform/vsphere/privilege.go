package vsphere

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/vmware/govmomi/object"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// grant is a privilege on an object.
type grant struct {
	ref       ref
	privilege string
}

// writing are the privileges that changes take.
func writing() []string { return []string{"Host.Config.Network", "DVPortgroup.Modify"} }

// privileges asks each vCenter that would be written to whether its user may, in one call.
func (u *audit) privileges(ctx context.Context) error {
	for _, inv := range u.inventories {
		changes := map[ref]*pending{}
		for _, c := range u.changes {
			if c.group.inv == inv {
				changes[c.ref] = c
			}
		}
		if len(changes) == 0 {
			continue
		}
		user, granted, err := inv.granted(ctx, slices.Collect(maps.Keys(changes)))
		held := permission(err)
		switch {
		case held != nil:
			u.add(finding.NoPrivilege, finding.Warning, "vCenter "+inv.vcenter.name,
				fmt.Sprintf("unknown whether %s may change the switches: asking for privileges takes %s", inv.vcenter.credentials.Username, privilegeOf(held)),
				"the plan may fail for lack of a privilege", "try --fix: what is refused is named, and nothing else is touched")
		case err != nil:
			return err
		default:
			u.refused(inv, user, changes, granted)
		}
	}
	return nil
}

// granted are the privileges that the session's user has on objects, and who that is.
func (inv *inventory) granted(ctx context.Context, objects []ref) (user string, granted map[grant]bool, err error) {
	granted = map[grant]bool{}
	err = inv.vcenter.do(ctx, func(ctx context.Context, s *login) error {
		if user, err = s.userName(ctx); err != nil {
			return err
		}
		answers, err := object.NewAuthorizationManager(s.client).HasUserPrivilegeOnEntities(ctx, objects, user, writing())
		for _, answer := range answers {
			for _, p := range answer.PrivAvailability {
				granted[grant{answer.Entity, p.PrivId}] = p.IsGranted
			}
		}
		return err
	})
	return cmp.Or(user, inv.vcenter.credentials.Username), granted, err
}

// refused is EGR408, one for each privilege.
func (u *audit) refused(inv *inventory, user string, changes map[ref]*pending, granted map[grant]bool) {
	for _, privilege := range writing() {
		var on []string
		for r, c := range changes {
			switch {
			case c.privilege() != privilege || granted[grant{r, privilege}]:
			case c.place.host != nil:
				on = append(on, "host "+c.place.host.name)
			default:
				on = append(on, "distributed port group "+c.group.name)
			}
		}
		if len(on) == 0 {
			continue
		}
		slices.Sort(on)
		u.add(finding.NoPrivilege, finding.Error, "vCenter "+inv.vcenter.name,
			fmt.Sprintf("%s has no privilege %s on %s", user, privilege, folded(on)),
			fmt.Sprintf("%d of the %d changes planned there take it", len(on), len(changes)),
			"ask an administrator for a role with "+privilege+" there, or hand over the commands", u.options.Run.Again("-o=commands"))
	}
}
