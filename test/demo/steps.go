package main

// steps are the demo: a router of the operator's and a standalone one, from a mistake to their end.
func steps() []step {
	const (
		router = "kubectl egress create partner-a -n billing --address 192.168.12.99/24 --gateway 192.168.12.1 \\\n" +
			"    --redirect 8080=203.0.113.26:80 --redirect 8443=203.0.113.27:443 --redirect 80/udp=10.100.3.0"
		standalone = "kubectl egress create partner-b -n billing --provisioner=standalone \\\n" +
			"    --address 192.168.12.98/24 --gateway 192.168.12.1 --redirect 5432=203.0.113.40 --fallback-ip 203.0.113.41"
	)
	return []step{
		{"A mistake that would leave the cluster's network operator Degraded is refused before it is made.",
			"kubectl create namespace billing", 0},
		{"", "kubectl egress create partner-a -n billing --address 192.168.12.99 --gateway 192.168.12.1 --redirect 8080=203.0.113.26:80", 2},
		{"Put right, the router comes up, with a Service for every port.", router + " --expose", 0},
		{"Run again, it changes nothing.", router + " --expose", 0},
		{"A Service by another name, with some of the ports; one that nothing redirects is refused.",
			"kubectl egress expose partner-a -n billing --name app-egress --port 8080 --port 8443 --port 80/udp", 0},
		{"", "kubectl egress expose partner-a -n billing --port 9999", 2},
		{"Changed rules reach a new pod: the CNI plugin reads them only as a pod starts.",
			"kubectl egress create partner-a -n billing --address 192.168.12.99/24 --gateway 192.168.12.1 --redirect 8080=203.0.113.30:80", 0},
		{"A standalone router needs no operator: a fixed MAC, a fallback, several in a namespace.", standalone + " --expose", 0},
		{"Both, side by side.", "kubectl egress get -n billing -o wide", 0},
		{"The checks of the specs, against each other and the nodes.",
			"kubectl egress preflight -n billing", 0},
		{"Files are checked without a cluster; here what get prints.",
			"kubectl egress get partner-a -n billing -o yaml | kubectl egress lint -f -", 0},
		{"Many at once: every EgressRouter of a folder, a kustomization or a stream.",
			"kubectl egress get partner-b -n billing -o yaml | kubectl egress create --provisioner=standalone -f -", 0},
		{"What would be applied, checked by the server and not written.",
			"kubectl egress create partner-c -n billing --provisioner=standalone --address 192.168.12.97/24 --gateway 192.168.12.1 --redirect 8080=203.0.113.26:80 --dry-run=server", 0},
		{"Gone, with all that was made for them.", "kubectl egress delete partner-a partner-b -n billing --yes", 0},
		{"Nothing is left.", "kubectl get egressrouters,network-attachment-definitions,deployments,services,pods -n billing", 0},
	}
}
