package vsphere

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// privileges asks each vCenter that would be written to whether its user may, in one call.
func (u *audit) privileges(ctx context.Context) error {
	for _, inv := range u.inventories {
		if err := u.privilegesAt(ctx, inv); err != nil {
			return err
		}
	}
	return nil
}

func (u *audit) privilegesAt(ctx context.Context, inv *inventory) error {
	needed := map[ref]string{}
	titles := map[ref]string{}
	var entities []ref
	for _, c := range u.changes {
		if c.vcenter != inv.vcenter.name || needed[c.ref] != "" {
			continue
		}
		needed[c.ref], titles[c.ref] = c.privilege(), "distributed port group "+c.group.name
		if c.place.host != nil {
			titles[c.ref] = "host " + c.place.host.name
		}
		entities = append(entities, c.ref)
	}
	if len(entities) == 0 {
		return nil
	}
	granted := map[ref]map[string]bool{}
	user := ""
	err := inv.vcenter.do(ctx, func(ctx context.Context, s *login) error {
		var err error
		if user, err = s.userName(ctx); err != nil {
			return err
		}
		res, err := methods.HasUserPrivilegeOnEntities(ctx, s.client, &types.HasUserPrivilegeOnEntities{
			This: *s.client.ServiceContent.AuthorizationManager, Entities: entities, UserName: user,
			PrivId: []string{"Host.Config.Network", "DVPortgroup.Modify"},
		})
		if err != nil {
			return err
		}
		for _, e := range res.Returnval {
			granted[e.Entity] = map[string]bool{}
			for _, p := range e.PrivAvailability {
				granted[e.Entity][p.PrivId] = p.IsGranted
			}
		}
		return nil
	})
	var held types.NoPermission
	if permission(err, &held) {
		u.add(finding.NoPrivilege, finding.Warning, "vCenter "+inv.vcenter.name,
			fmt.Sprintf("unknown whether %s may change the switches: asking for privileges takes %s", inv.vcenter.credentials.Username, privilegeOf(held)),
			"the plan may fail for lack of a privilege", "try --fix: what is refused is named, and nothing else is touched")
		return nil
	}
	if err != nil {
		return err
	}
	u.refused(inv, cmp.Or(user, inv.vcenter.credentials.Username), entities, needed, titles, granted)
	return nil
}

// refused is EGR408, one for each privilege.
func (u *audit) refused(inv *inventory, user string, entities []ref, needed, titles map[ref]string, granted map[ref]map[string]bool) {
	lacking := map[string][]string{}
	for _, e := range entities {
		if !granted[e][needed[e]] {
			lacking[needed[e]] = append(lacking[needed[e]], titles[e])
		}
	}
	for _, privilege := range []string{"Host.Config.Network", "DVPortgroup.Modify"} {
		on := lacking[privilege]
		if len(on) == 0 {
			continue
		}
		slices.Sort(on)
		u.add(finding.NoPrivilege, finding.Error, "vCenter "+inv.vcenter.name,
			fmt.Sprintf("%s has no privilege %s on %s", user, privilege, finding.Listed(on, foldedAfter, ", ")),
			fmt.Sprintf("%d of the %d changes planned there take it", len(on), len(entities)),
			"ask an administrator for a role with "+privilege+" there, or hand over what -o commands prints")
	}
}
