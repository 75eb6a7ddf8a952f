package vsphere

import (
	"fmt"
	"net/url"
	"strings"
)

// What a target is.
const (
	isPortGroup = "portgroup" // a standard port group on one host
	isVSwitch   = "vswitch"   // a standard switch on one host
	isDVPG      = "dvportgroup"
)

// target is what a change is about. Its String is the change's ID, such as
// vsphere://vc.example.com/HostSystem/host-12/portgroup/VM%20Network.
type target struct {
	vcenter string
	kind    string
	ref     ref    // the host, or the distributed port group
	name    string // of the port group or switch on a host
}

func (t target) String() string {
	id := "vsphere://" + t.vcenter + "/" + t.ref.Type + "/" + url.PathEscape(t.ref.Value)
	if t.kind != isDVPG {
		id += "/" + t.kind + "/" + url.PathEscape(t.name)
	}
	return id
}

// parseTarget reads a change's ID.
func parseTarget(id string) (target, error) {
	rest, ok := strings.CutPrefix(id, "vsphere://")
	parts := strings.Split(rest, "/")
	for i := range parts {
		var err error
		if parts[i], err = url.PathUnescape(parts[i]); err != nil {
			ok = false
		}
	}
	switch {
	case ok && len(parts) == 3 && parts[1] == "DistributedVirtualPortgroup":
		return target{parts[0], isDVPG, ref{Type: parts[1], Value: parts[2]}, ""}, nil
	case ok && len(parts) == 5 && parts[1] == "HostSystem" && (parts[3] == isPortGroup || parts[3] == isVSwitch):
		return target{parts[0], parts[3], ref{Type: parts[1], Value: parts[2]}, parts[4]}, nil
	}
	return target{}, fmt.Errorf("%q is not a vSphere port group or switch: is the file another platform's?", id)
}

// site is what must not be written twice at a time: a host, or a distributed port group.
func (t target) site() string { return t.vcenter + " " + t.ref.Value }

// privilege is what changing it takes.
func (t target) privilege() string {
	if t.kind == isDVPG {
		return "DVPortgroup.Modify"
	}
	return "Host.Config.Network"
}
