package cmd

import (
	"context"
	"fmt"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// syncOnly are the flags of sync that mean something on one platform alone.
func syncOnly(on platform.Name) []string {
	if on == platform.OpenStack {
		return []string{"os-cloud", "concurrency", "max-pairs"}
	}
	return []string{"vsphere-url", "vsphere-insecure", "vsphere-tls-ca-certs", "require"}
}

// platform is the one that args name, else the one that the cluster stands on. The flags of the other are refused.
func (s *syncFlags) platform(ctx context.Context, f *factory, args []string) (platform.Name, error) {
	named, err := namedPlatform(args)
	if err != nil {
		return "", invalid(err)
	}
	if err := s.fits(named, "sync "+string(named)+" does not take it"); err != nil {
		return "", invalid(err)
	}
	if named != "" {
		return named, nil
	}
	client, err := f.client(egress.ManagedByValue)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("name it, as in \"%s sync openstack\" or \"%s sync vsphere\"", f.name, f.name)
	seen, err := client.ReadPlatform(ctx)
	if err != nil {
		return "", fmt.Errorf("on which platform the cluster stands could not be asked: %w: %s", err, name)
	}
	found := platform.Detect(seen)
	if unread := seen.UnknownOf("infrastructures", "nodes"); found == "" && unread != nil {
		return "", fmt.Errorf("on which platform the cluster stands cannot be told: %s: %s", unread.Reason, name)
	}
	if found == "" {
		return platform.OpenStack, invalid(s.fits(platform.OpenStack, "the cluster does not tell on which platform it stands, so that OpenStack is taken"))
	}
	return found, invalid(s.fits(found, "the cluster stands on "+found.Title()))
}

// fits refuses the flags of the other platform than on; why says how on was settled. On "" is none.
func (s *syncFlags) fits(on platform.Name, why string) error {
	other := platform.VSphere
	switch on {
	case platform.VSphere:
		other = platform.OpenStack
	case "":
		return nil
	}
	for _, flag := range syncOnly(other) {
		if s.changed(flag) {
			return fmt.Errorf("--%s is for %s, and %s: leave it out, or write \"sync %s\"", flag, other.Title(), why, other)
		}
	}
	return nil
}
