package vcenter

import (
	"context"
	"slices"
	"testing"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// start is a running simulator and a client that is logged in, with an empty call log.
func start(t *testing.T, o Options) (*Server, *govmomi.Client) {
	t.Helper()
	s, err := Start(o)
	must(t, err)
	t.Cleanup(s.Close)
	client, err := s.Client(t.Context())
	must(t, err)
	s.ResetCalls()
	return s, client
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// same fails unless got and want are one, as JSON-like values.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := dump(t, got), dump(t, want); g != w {
		t.Errorf("%s: got\n%s\nwant\n%s", what, g, w)
	}
}

// host reads a host by name.
func host(t *testing.T, s *Server, c *govmomi.Client, name string) mo.HostSystem {
	t.Helper()
	ref, err := s.find("HostSystem", name)
	must(t, err)
	var h mo.HostSystem
	must(t, c.RetrieveOne(t.Context(), ref, []string{"name", "config.network", "configManager.networkSystem", "runtime"}, &h))
	return h
}

// portGroup reads a port group of a host.
func portGroup(t *testing.T, s *Server, c *govmomi.Client, hostName, name string) types.HostPortGroup {
	t.Helper()
	net := host(t, s, c, hostName).Config.Network
	i := slices.IndexFunc(net.Portgroup, func(p types.HostPortGroup) bool { return p.Spec.Name == name })
	if i < 0 {
		t.Fatalf("%s has no port group %s", hostName, name)
	}
	return net.Portgroup[i]
}

// updatePortGroup writes a port group of a host over the wire.
func updatePortGroup(t *testing.T, s *Server, c *govmomi.Client, hostName string, spec types.HostPortGroupSpec) error {
	t.Helper()
	return updateOn(t.Context(), c, networkSystemOf(t, s, c, hostName), spec)
}

func networkSystemOf(t *testing.T, s *Server, c *govmomi.Client, hostName string) types.ManagedObjectReference {
	t.Helper()
	return *host(t, s, c, hostName).ConfigManager.NetworkSystem
}

// dvpg reads a distributed port group by name.
func dvpg(t *testing.T, s *Server, c *govmomi.Client, name string) types.DVPortgroupConfigInfo {
	t.Helper()
	ref, err := s.find("DistributedVirtualPortgroup", name)
	must(t, err)
	var p mo.DistributedVirtualPortgroup
	must(t, c.RetrieveOne(t.Context(), ref, []string{"config"}, &p))
	return p.Config
}

// setting is the port setting of a distributed port group.
func setting(t *testing.T, config types.DVPortgroupConfigInfo) *types.VMwareDVSPortSetting {
	t.Helper()
	s, ok := config.DefaultPortConfig.(*types.VMwareDVSPortSetting)
	if !ok {
		t.Fatalf("the port setting is a %T", config.DefaultPortConfig)
	}
	return s
}

// reconfigure writes a distributed port group over the wire and waits for its task.
func reconfigure(t *testing.T, s *Server, c *govmomi.Client, name string, spec types.DVPortgroupConfigSpec) error {
	t.Helper()
	ref, err := s.find("DistributedVirtualPortgroup", name)
	must(t, err)
	task, err := object.NewDistributedVirtualPortgroup(c.Client, ref).Reconfigure(t.Context(), spec)
	if err != nil {
		return err
	}
	return task.Wait(t.Context())
}

// everything reads properties of all objects of a kind through a view, a page at a time.
func everything(ctx context.Context, t *testing.T, c *govmomi.Client, kind string, properties ...string) []types.ObjectContent {
	t.Helper()
	v, err := view.NewManager(c.Client).CreateContainerView(ctx, c.ServiceContent.RootFolder, []string{kind}, true)
	must(t, err)
	answer, err := methods.RetrievePropertiesEx(ctx, c, &types.RetrievePropertiesEx{
		This: c.ServiceContent.PropertyCollector,
		SpecSet: []types.PropertyFilterSpec{{
			PropSet: []types.PropertySpec{{Type: kind, PathSet: properties}},
			ObjectSet: []types.ObjectSpec{{
				Obj: v.Reference(), Skip: types.NewBool(true),
				SelectSet: []types.BaseSelectionSpec{&types.TraversalSpec{Type: "ContainerView", Path: "view"}},
			}},
		}},
	})
	must(t, err)
	if answer.Returnval == nil {
		return nil
	}
	objects, token := answer.Returnval.Objects, answer.Returnval.Token
	for token != "" {
		page, err := methods.ContinueRetrievePropertiesEx(ctx, c, &types.ContinueRetrievePropertiesEx{
			This: c.ServiceContent.PropertyCollector, Token: token,
		})
		must(t, err)
		objects, token = append(objects, page.Returnval.Objects...), page.Returnval.Token
	}
	return objects
}

// updateOn writes a port group over the wire, from any goroutine.
func updateOn(ctx context.Context, c *govmomi.Client, ns types.ManagedObjectReference, spec types.HostPortGroupSpec) error {
	_, err := methods.UpdatePortGroup(ctx, c, &types.UpdatePortGroup{This: ns, PgName: spec.Name, Portgrp: spec})
	return err
}
