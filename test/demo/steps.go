package main

// steps are the demo: an operator-managed router and standalone ones, from a mistake to their end.
func steps() []step {
	const (
		router = "kubectl egress create partner-a -n billing --address 10.0.200.99/16 --gateway 10.0.0.1 \\\n" +
			"    --redirect 8080=203.0.113.26:80 --redirect 8443=203.0.113.27:443 --redirect 80/udp=10.100.3.0"
		partnerB = "kubectl egress create partner-b -n billing --provisioner=standalone \\\n" +
			"    --address 10.0.200.98/16 --gateway 10.0.0.1 --redirect 5432=203.0.113.40 --fallback-ip 203.0.113.41 \\\n"
		standalone = partnerB + "    --node-selector kubernetes.io/hostname=worker-2"
		moved      = partnerB + "    --node-selector kubernetes.io/hostname=worker-1 --failover-after 30s"
		onVSphere  = "kubectl egress create partner-v -n shop --provisioner=standalone \\\n" +
			"    --address 10.0.200.97/16 --gateway 10.0.0.1 --redirect 5432=203.0.113.40 \\\n" +
			"    --node-selector kubernetes.io/hostname=worker-3"
		silent = " --ignore EGR218,EGR223"
	)
	return []step{
		{"A mistake that would leave the cluster's network operator Degraded is refused before it is made.",
			"kubectl create namespace billing", 0},
		{"", "kubectl egress create partner-a -n billing --address 10.0.200.99 --gateway 10.0.0.1 --redirect 8080=203.0.113.26:80", 2},
		{"Put right, the router comes up, with a Service for every port.", router + " --expose", 0},
		{"Run again, it changes nothing.", router + " --expose", 0},
		{"A Service by another name, with some of the ports; one that nothing redirects is refused.",
			"kubectl egress expose partner-a -n billing --name app-egress --port 8080 --port 8443 --port 80/udp", 0},
		{"", "kubectl egress expose partner-a -n billing --port 9999", 2},
		{"A standalone router needs no operator: a fixed MAC, a fallback, several in a namespace.", standalone + " --expose", 0},
		{"Both, side by side.", "kubectl egress get -n billing -o wide", 0},
		{"The whole chain behind a router.", "kubectl egress status partner-a -n billing", 0},
		{"They run, and nothing gets out: OpenStack drops frames whose MAC it does not know.",
			"kubectl egress preflight openstack -n billing --os-cloud k8s -o short" + silent, 3},
		{"Shown, set and read back; without --yes it would ask.",
			"kubectl egress preflight openstack -n billing --os-cloud k8s --fix --yes --save pairs.json" + silent, 0},
		{"Run again, it writes nothing.", "kubectl egress preflight openstack -n billing --os-cloud k8s --fix --yes -o short" + silent, 0},
		{"An administrator says which namespace may have which addresses: sync writes for no other.",
			"kubectl egress grant billing --addresses 10.0.200.98,10.0.200.99", 0},
		{"sync keeps the pair where the pod is, here in a terminal of its own.",
			"timeout 60 kubectl egress sync openstack --os-cloud k8s >sync.log 2>&1 & echo $! >sync.pid", 0},
		{"The router moves to another node, which it leaves half a minute after that is lost; and nobody but namespace shop may use it.",
			moved + " --allow-from shop", 0},
		{"", "timeout 30 sh -c 'until grep -q PairRemoved sync.log; do sleep 1; done'; kill $(cat sync.pid); grep -o 'msg=Pair.*' sync.log", 0},
		{"", "kubectl egress status partner-b -n billing", 0},
		{"On vSphere it is the port group's policy, on every host where the node could run; for an administrator, as commands.",
			"kubectl create namespace shop", 0},
		{"", onVSphere + " --expose", 0},
		{"", "kubectl egress preflight vsphere -n shop -o commands", 0},
		{"", "kubectl egress grant shop --addresses 10.0.200.97 && kubectl egress grant list", 0},
		{"", "kubectl egress preflight vsphere -n shop --fix --yes --save policies.json -o short --ignore EGR218,EGR223,EGR403,EGR409,EGR411", 0},
		{"What was changed is put back exactly.", "kubectl egress preflight vsphere --revert policies.json --yes", 0},
		{"Rules changed behind its back do not reach the running pod, and preflight says so.",
			"kubectl patch egressrouter partner-a -n billing --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/redirect/redirectRules/0/destinationIP\",\"value\":\"203.0.113.30\"}]'", 0},
		{"", "sleep 3; kubectl egress preflight partner-a -n billing --ignore EGR207,EGR218,EGR223", 0},
		{"Every finding has a page.", "kubectl egress explain EGR216", 0},
		{"create says whose the change was; told to, it takes it over, and restarts the pod.",
			"kubectl egress create partner-a -n billing --address 10.0.200.99/16 --gateway 10.0.0.1 --redirect 8080=203.0.113.31:80", 1},
		{"", "kubectl egress create partner-a -n billing --address 10.0.200.99/16 --gateway 10.0.0.1 --redirect 8080=203.0.113.31:80 --force-conflicts", 0},
		{"What the checks see can be saved, secrets left out, and checked elsewhere.",
			"kubectl egress bundle -A --file cluster.json && kubectl egress preflight --from cluster.json -o short --ignore EGR207,EGR209,EGR218,EGR223", 0},
		{"Files are checked without a cluster; here what get prints.",
			"kubectl egress get partner-a -n billing -o yaml | kubectl egress lint -f -", 0},
		{"Many at once: every EgressRouter of a folder, a kustomization or a stream.",
			"kubectl egress get partner-b -n billing -o yaml | kubectl egress create --provisioner=standalone -f -", 0},
		{"What would be applied, checked by the server and not written.",
			"kubectl egress create partner-c -n billing --provisioner=standalone --address 10.0.200.96/16 --gateway 10.0.0.1 --redirect 8080=203.0.113.26:80 --dry-run=server", 0},
		{"Gone, with all that was made for them, in the cluster and in Neutron.",
			"kubectl egress delete partner-a partner-b -n billing --revoke --os-cloud k8s --yes", 0},
		{"", "kubectl egress delete partner-v -n shop --yes", 0},
		{"Nothing is left.", "kubectl get egressrouters,network-attachment-definitions,deployments,services,pods -n billing", 0},
	}
}
