package main

import (
	"fmt"
	"os"
	"path/filepath"

	fakeneutron "github.com/kubectl-egress/kubectl-egress/test/fake/neutron"
	fakevcenter "github.com/kubectl-egress/kubectl-egress/test/fake/vcenter"
	"github.com/kubectl-egress/kubectl-egress/test/lab"
)

// platforms are what the nodes run on: two on OpenStack, the third on vSphere.
type platforms struct {
	neutron *fakeneutron.Server
	vcenter *fakevcenter.Server
}

func startPlatforms() (*platforms, error) {
	neutron, err := fakeneutron.Start(fakeneutron.Options{Ports: 2})
	if err != nil {
		return nil, fmt.Errorf("starting the fake Neutron: %w", err)
	}
	vcenter, err := fakevcenter.Start(fakevcenter.Options{Hosts: 2, VMs: 1})
	if err != nil {
		neutron.Close()
		return nil, fmt.Errorf("starting the vCenter simulator: %w", err)
	}
	return &platforms{neutron, vcenter}, nil
}

func (p *platforms) stop() {
	p.neutron.Close()
	p.vcenter.Close()
}

// cluster is the lab that runs on p.
func (p *platforms) cluster() lab.Options {
	o := lab.Options{OpenShift: true, ProviderIDs: map[string]string{}, Addresses: map[string][]string{}, Annotations: map[string]map[string]string{}}
	add := func(providerID, ip string) {
		name := fmt.Sprintf("worker-%d", len(o.Nodes)+1)
		o.Nodes = append(o.Nodes, name)
		o.ProviderIDs[name], o.Addresses[name] = providerID, []string{ip}
		o.Annotations[name] = map[string]string{"k8s.ovn.org/host-cidrs": fmt.Sprintf("[%q]", ip+"/16")}
	}
	for _, n := range p.neutron.Seed().Nodes {
		add("openstack:///"+n.ServerID, n.IP)
	}
	for _, n := range p.vcenter.Nodes(1) {
		add(n.ProviderID, vmAddress)
	}
	return o
}

// vmAddress is that of the node on vSphere, in the network of the others.
const vmAddress = "10.0.3.1"

// environment is what openstack and govc would be told, but for the cloud's name, which the steps say.
func (p *platforms) environment(dir string) ([]string, error) {
	clouds := filepath.Join(dir, ".clouds.yaml")
	if err := os.WriteFile(clouds, p.neutron.CloudsYAML(), 0o600); err != nil {
		return nil, err
	}
	name, password := p.vcenter.User()
	return []string{
		"OS_CLIENT_CONFIG_FILE=" + clouds,
		"GOVC_URL=" + p.vcenter.URL(), "GOVC_USERNAME=" + name, "GOVC_PASSWORD=" + password,
		"GOVC_TLS_CA_CERTS=" + p.vcenter.CAFile(), "GOVC_PERSIST_SESSION=false",
	}, nil
}
