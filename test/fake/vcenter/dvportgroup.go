package vcenter

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// distributedPortGroup is one that merges what it is sent, where the simulator's wipes what a spec leaves
// out, and that has a version.
type distributedPortGroup struct {
	*simulator.DistributedVirtualPortgroup
	server *Server
}

// ReconfigureDVPortgroupTask changes the port group, if the spec was made from its present version.
func (p *distributedPortGroup) ReconfigureDVPortgroupTask(ctx *simulator.Context, req *types.ReconfigureDVPortgroup_Task) soap.HasFault {
	body := &methods.ReconfigureDVPortgroup_TaskBody{}
	fault := p.server.permit(p.Self, "DVPortgroup.Modify")
	if fault == nil && req.Spec.Policy != nil {
		fault = p.server.permit(p.Self, "DVPortgroup.PolicyOp")
	}
	if fault != nil {
		body.Fault_ = simulator.Fault(message(fault), fault)
		return body
	}
	injected := p.server.taskFault(ctx)
	task := simulator.CreateTask(p, "reconfigureDvPortgroup", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		if injected != nil {
			return nil, injected
		}
		return nil, p.reconfigure(ctx, req.Spec)
	})
	body.Res = &types.ReconfigureDVPortgroup_TaskResponse{Returnval: task.Run(ctx)}
	return body
}

// reconfigure is what the task does.
func (p *distributedPortGroup) reconfigure(ctx *simulator.Context, spec types.DVPortgroupConfigSpec) types.BaseMethodFault {
	switch spec.ConfigVersion {
	case "":
		return &types.InvalidArgument{InvalidProperty: "spec.configVersion"}
	case p.Config.ConfigVersion:
	default:
		return &types.ConcurrentAccess{}
	}
	if p.Config.BackingType == string(types.DistributedVirtualPortgroupBackingTypeNsx) {
		return &types.NotSupported{} // only NSX changes it
	}
	config, err := clone(p.Config)
	if err != nil {
		return broken(err)
	}
	if spec.DefaultPortConfig != nil {
		setting, ok := spec.DefaultPortConfig.(*types.VMwareDVSPortSetting)
		if !ok {
			return &types.InvalidArgument{InvalidProperty: "spec.defaultPortConfig"}
		}
		if setting.MacManagementPolicy != nil && !p.server.learns() {
			return &types.InvalidArgument{InvalidProperty: "spec.defaultPortConfig.macManagementPolicy"}
		}
		current, ok := config.DefaultPortConfig.(*types.VMwareDVSPortSetting)
		if !ok {
			return &types.NotSupported{}
		}
		p.server.merge(current, *setting)
	}
	mergeSpec(&config, spec)
	return p.keep(ctx, config)
}

// mergeSpec sets the fields of config that spec sets: both have the same names for them.
func mergeSpec(config *types.DVPortgroupConfigInfo, spec types.DVPortgroupConfigSpec) {
	from, to := reflect.ValueOf(spec), reflect.ValueOf(config).Elem()
	for i := range from.NumField() {
		switch name := from.Type().Field(i).Name; name {
		case "ConfigVersion", "DefaultPortConfig", "DynamicData":
		default:
			if !from.Field(i).IsZero() {
				to.FieldByName(name).Set(from.Field(i))
			}
		}
	}
}

// keep puts a configuration in place under the next version.
func (p *distributedPortGroup) keep(ctx *simulator.Context, config types.DVPortgroupConfigInfo) types.BaseMethodFault {
	version, err := strconv.Atoi(p.Config.ConfigVersion)
	if err != nil {
		return broken(fmt.Errorf("reading the version of %s: %w", p.Name, err))
	}
	config.ConfigVersion = strconv.Itoa(version + 1)
	ctx.Update(p, []types.PropertyChange{{Name: "config", Val: config}})
	return nil
}

// merge sets in current the policies that spec holds, each as a whole, but a security policy boolean by
// boolean. The deprecated security policy and the MAC management policy are two views of one thing: where
// spec holds but one, the other follows.
func (s *Server) merge(current *types.VMwareDVSPortSetting, spec types.VMwareDVSPortSetting) {
	vSwitch := s.switchPolicy()
	security, mac := spec.SecurityPolicy, spec.MacManagementPolicy
	spec.SecurityPolicy, spec.MacManagementPolicy = nil, nil
	replace(reflect.ValueOf(current).Elem(), reflect.ValueOf(spec))
	if mac != nil {
		current.MacManagementPolicy = settleMAC(mac, vSwitch)
		if security == nil {
			current.SecurityPolicy = securityOf(current.MacManagementPolicy)
		}
	}
	if security != nil {
		current.SecurityPolicy = mergeSecurity(current.SecurityPolicy, security, vSwitch)
		if mac == nil && current.MacManagementPolicy != nil {
			followSecurity(current.MacManagementPolicy, current.SecurityPolicy)
		}
	}
}

// replace sets the fields of to that from sets, each as a whole; embedded structures are gone into.
func replace(to, from reflect.Value) {
	for i := range from.NumField() {
		switch {
		case from.Type().Field(i).Anonymous:
			replace(to.Field(i), from.Field(i))
		case !from.Field(i).IsZero():
			to.Field(i).Set(from.Field(i))
		}
	}
}
