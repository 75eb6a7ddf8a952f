//go:build linux

// Command egress-router stands in for the CNI plugin of that name: it gives a pod net1, a macvlan with the
// reserved address, sends everything but the cluster's own routes out of it, and redirects by nft or iptables. It
// keeps the plugin's habits too, which users meet: a random MAC at every start, errors that only its log file tells,
// and that it answers ARP for all that it has a route to and forwards what anybody sends.
package main

import (
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/containernetworking/cni/pkg/version"
)

func main() {
	// A namespace is entered by a thread: whoever enters one keeps its thread.
	runtime.LockOSThread()
	skel.PluginMainFuncs(skel.CNIFuncs{Add: add, Del: del, Check: check},
		version.PluginSupports("0.3.0", "0.3.1", "0.4.0"), "egress-router: stand-in for tests")
}

// add sets the router up. A failure goes to the log file and nowhere else: the caller gets success and no
// output, which it then fails to parse.
func add(args *skel.CmdArgs) error {
	var conf config
	if err := json.Unmarshal(args.StdinData, &conf); err != nil {
		defaultLog().printf("failed to load netconf: %v", err)
		return nil
	}
	log := openLog(conf.LogFile)
	log.printf("ADD %s %s: %s", args.ContainerID, args.IfName, args.StdinData)
	result, err := addRouter(&conf, args, log)
	if err != nil {
		log.printf("ADD %s %s failed: %v", args.ContainerID, args.IfName, err)
		return nil
	}
	if err := types.PrintResult(result, conf.CNIVersion); err != nil {
		log.printf("ADD %s %s: printing the result failed: %v", args.ContainerID, args.IfName, err)
	}
	return nil
}

// addRouter makes the interface, the routes and the rules, and describes them. The first address is the only
// one used: none at all is a panic, which the caller hears of.
func addRouter(conf *config, args *skel.CmdArgs, log logFile) (*current.Result, error) {
	address, gateway, err := conf.IP.reserved()
	if err != nil {
		return nil, err
	}
	rules, err := conf.IP.rules()
	if err != nil {
		return nil, err
	}
	iface, err := addInterface(conf.InterfaceType, conf.InterfaceArgs, args.Netns, args.IfName)
	if err != nil {
		return nil, err
	}
	err = inPod(args.Netns, func() error {
		if err := setUp(args.IfName, address, gateway); err != nil {
			return err
		}
		return redirect(clusterInterface, args.IfName, address.IP, rules, log)
	})
	if err != nil {
		return nil, err
	}
	zero := 0
	return &current.Result{
		CNIVersion: current.ImplementedSpecVersion,
		Interfaces: []*current.Interface{iface},
		IPs:        []*current.IPConfig{{Interface: &zero, Address: *address, Gateway: gateway}},
	}, nil
}

// del removes the interface. The rules go with the pod's network namespace, and one that is gone already
// is no error.
func del(args *skel.CmdArgs) error {
	var conf config
	if err := json.Unmarshal(args.StdinData, &conf); err != nil {
		defaultLog().printf("failed to load netconf: %v", err)
		return nil
	}
	log := openLog(conf.LogFile)
	log.printf("DEL %s %s", args.ContainerID, args.IfName)
	if args.Netns == "" {
		return nil
	}
	if err := inPod(args.Netns, func() error { return removeInterface(args.IfName) }); err != nil {
		log.printf("DEL %s %s failed: %v", args.ContainerID, args.IfName, err)
	}
	return nil
}

// check looks for the interface only.
func check(args *skel.CmdArgs) error {
	if err := inPod(args.Netns, func() error { return findInterface(args.IfName) }); err != nil {
		return fmt.Errorf("checking %s: %w", args.IfName, err)
	}
	return nil
}
