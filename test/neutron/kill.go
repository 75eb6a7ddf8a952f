package neutron

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// KillNeutron ends Neutron's server at once, in the middle of what it does, until StartNeutron. Keystone goes on. In a
// cloud that ran already it is an error.
func (n *Neutron) KillNeutron() error {
	running, err := n.neutronServer()
	if err != nil {
		return err
	}
	if err := running.Signal(syscall.SIGUSR1); err != nil { // the guard's sign to kill what it guards
		return err
	}
	select {
	case <-running.Exited():
		return nil
	case <-time.After(patience):
		return fmt.Errorf("%s did not end within %s of being killed", running.name, patience)
	}
}

// StartNeutron starts Neutron's server again, with the data that it had, and waits until it answers.
func (n *Neutron) StartNeutron(ctx context.Context) error {
	if _, err := n.neutronServer(); err != nil {
		return err
	}
	again, err := n.settings.serve(ctx, serverNeutron, n.settings.neutronURL())
	if again != nil {
		n.servers = append(n.servers, again)
	}
	return err
}

// neutronServer is the server that was started last.
func (n *Neutron) neutronServer() (*server, error) {
	for i := len(n.servers) - 1; i >= 0; i-- {
		if n.servers[i].name == serverNeutron {
			return n.servers[i], nil
		}
	}
	return nil, errors.New("Neutron is not ours: unset OS_CLOUD to have one that may be killed")
}
