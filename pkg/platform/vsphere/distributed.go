package vsphere

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
	"k8s.io/apimachinery/pkg/util/wait"
)

// writeDistributed changes a distributed port group. Its version guards it: where another was faster it is
// read again, and what is then still wanted is set in what the other wrote.
func (a *Adapter) writeDistributed(ctx context.Context, j *job) error {
	backoff := wait.Backoff{Duration: 50 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 6}
	var last error
	err := wait.ExponentialBackoffWithContext(ctx, backoff, func(ctx context.Context) (bool, error) {
		last = a.reconfigure(ctx, j)
		if fault.Is(last, &types.ConcurrentAccess{}) {
			j.v.log("%s: changed by another meanwhile: reading it again", j.change.Target)
			return false, nil
		}
		return true, last
	})
	if fault.Is(last, &types.ConcurrentAccess{}) {
		return fmt.Errorf("%s: others keep changing it, so nothing was written: try again when they have done", j.change.Target)
	}
	return err
}

// reconfigure reads the port group, and writes what is wanted against the version that was read.
func (a *Adapter) reconfigure(ctx context.Context, j *job) error {
	var task *object.Task
	sent := false
	err := j.v.do(ctx, func(ctx context.Context, s *login) error {
		config, err := s.groupNow(ctx, j.target.ref)
		if err != nil {
			return err
		}
		setting, ok := config.DefaultPortConfig.(*types.VMwareDVSPortSetting)
		if !ok {
			return fmt.Errorf("the settings of distributed port group %s may not be read: %w", config.Name, errUnreadable)
		}
		j.written = nil
		next, err := a.editDistributed(j, setting)
		if err != nil || j.written == nil {
			return err
		}
		j.change.Version = config.ConfigVersion
		sent = true
		res, err := methods.ReconfigureDVPortgroup_Task(ctx, s.client, &types.ReconfigureDVPortgroup_Task{
			This: j.target.ref, Spec: types.DVPortgroupConfigSpec{ConfigVersion: config.ConfigVersion, DefaultPortConfig: next},
		})
		if err == nil {
			task = object.NewTask(s.client, res.Returnval)
		}
		return err
	})
	if err == nil && task != nil { // the task outlives the session that began it
		err = j.v.do(ctx, func(ctx context.Context, s *login) error {
			return object.NewTask(s.client, task.Reference()).Wait(ctx)
		})
	}
	return j.failure(err, sent)
}

// groupNow is a distributed port group's configuration as it is now.
func (s *login) groupNow(ctx context.Context, r ref) (*types.DVPortgroupConfigInfo, error) {
	objects, err := s.objects(ctx, []ref{r}, types.PropertySpec{Type: r.Type, PathSet: []string{"config"}})
	if err != nil {
		return nil, err
	}
	if len(objects) == 0 {
		return nil, fmt.Errorf("distributed port group %s is gone: run preflight again", r.Value)
	}
	objects[0].MissingSet = nil
	var m mo.DistributedVirtualPortgroup
	if err := mo.LoadObjectContent(objects[:1], &m); err != nil {
		return nil, fmt.Errorf("reading distributed port group %s: %w", r.Value, err)
	}
	return &m.Config, nil
}

// editDistributed is the part of a setting to write: the rest stays, since vCenter merges. j.written stays
// nil where nothing needs to be written.
func (a *Adapter) editDistributed(j *job, current *types.VMwareDVSPortSetting) (*types.VMwareDVSPortSetting, error) {
	if j.revert {
		return j.editDistributedBack(current)
	}
	asked, err := askedFor(j.change)
	if err != nil {
		return nil, err
	}
	effective, _ := distributedPolicy(current)
	var fields []field
	for _, f := range asked {
		if !effective.accepts(f) && !a.options.replaced(f, effective) {
			fields = append(fields, f)
		}
	}
	name, before, after := dvValues(current, fields)
	j.change.Field = name
	if len(fields) == 0 { // another did it meanwhile
		return nil, j.asItIs(before)
	}
	if err := j.holding(before, after); err != nil {
		return nil, err
	}
	j.written = &dvExpectation{name: name, fields: fields}
	switch after := after.(type) {
	case *types.DVSMacManagementPolicy:
		return &types.VMwareDVSPortSetting{MacManagementPolicy: after}, nil
	case legacyValue:
		return &types.VMwareDVSPortSetting{SecurityPolicy: after.policy()}, nil
	}
	return nil, fmt.Errorf("%s: there is no field %s", j.change.Target, name)
}

// replaced reports whether another of the two ways to have frames delivered has been opened meanwhile.
func (o Options) replaced(f field, p policy) bool {
	return o.Require == RequireMinimal && (f == promiscuous && p.accepts(learning) || f == learning && p.accepts(promiscuous))
}

func (v legacyValue) policy() *types.DVSSecurityPolicy {
	out := &types.DVSSecurityPolicy{}
	for f, value := range v {
		*legacySetting(out, f) = value
	}
	return out
}

// dvExpectation is what a distributed port group must accept, or hold again after a revert.
type dvExpectation struct {
	name   string
	fields []field
	back   *types.VMwareDVSPortSetting
}

func (e *dvExpectation) holds(now seen) (json.RawMessage, error) {
	if now.setting == nil {
		return nil, errors.New("it cannot be read")
	}
	var value any = now.setting.MacManagementPolicy
	if e.name == legacyField {
		value = legacyValueOf(now.setting.SecurityPolicy, e.fields)
	}
	b, err := encode(value)
	if err != nil {
		return nil, err
	}
	if e.back != nil {
		if !e.restored(now.setting) {
			return b, fmt.Errorf("it holds %s", b)
		}
		return b, nil
	}
	effective, _ := distributedPolicy(now.setting)
	if i := slices.IndexFunc(e.fields, func(f field) bool { return !effective.accepts(f) }); i >= 0 {
		return b, fmt.Errorf("%s still rejected", e.fields[i].words().is)
	}
	return b, nil
}
