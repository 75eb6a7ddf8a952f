package cmd

import (
	"cmp"
	"fmt"
	"time"

	"github.com/distribution/reference"
	"github.com/spf13/cobra"
)

// checkValues refuses what a pod could not have, before anything is sent: the server takes some of it, and the
// rest only after other objects are written.
func (p *podFlags) checkValues(cmd *cobra.Command) error {
	if err := cmp.Or(checkImage("image", p.image), checkImage("route-image", p.routes.image)); err != nil {
		return err
	}
	if cmd.Flags().Changed("failover-after") {
		return checkFailover(p.failoverAfter)
	}
	return nil
}

// checkImage refuses what no node could pull: nodes read images by this library too, and the server does not
// look.
func checkImage(flag, image string) error {
	if image == "" {
		return nil
	}
	if _, err := reference.ParseNormalizedNamed(image); err != nil {
		return fmt.Errorf("--%s %q is not an image's name (%w): write it as registry.example.com/name:tag", flag, image, err)
	}
	return nil
}

// checkFailover refuses a time that a toleration cannot have, which counts whole seconds.
func checkFailover(after time.Duration) error {
	if after < time.Second {
		return fmt.Errorf("--failover-after %s is too short: it counts in seconds", after)
	}
	if whole := after.Truncate(time.Second); whole != after {
		return fmt.Errorf("--failover-after %s: it counts in whole seconds: write %s or %s", after, whole, whole+time.Second)
	}
	return nil
}
