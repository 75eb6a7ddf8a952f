package e2e

import "fmt"

// printed is a finding, planted in a namespace that holds another healthy router, whose commands are carried out.
type printed struct {
	name, code string
	// router has the finding; "" for one on the cluster. says is in its message.
	router, says string
	plant        [][]string
	// user is who asks; "" is an administrator. The commands are an administrator's in any case.
	user string
	// flags are preflight's.
	flags []string
	// editor is what a person does in an editor, as a sed script.
	editor string
	// words are what the fix says in words, carried out before the commands.
	words [][]string
	// cleanup puts right what would be in the way of others.
	cleanup [][]string
}

// notRun are the commands that cannot be carried out here, by their first words.
func notRun() map[string]string {
	const container = "it starts a container that looks, and no kubelet here could run one"
	const lost = "a lost node would harm the routers of all other cases"
	return map[string]string{
		"kubectl debug node":                        container,
		"kubectl debug pod":                         container,
		"EGR210 kubectl delete pod":                 lost,
		"EGR222 kubectl get deployment":             "get writes nothing, and a Deployment in the operator's way degrades it for all other cases",
		"EGR224 kubectl get deployment.apps":        "get writes nothing, and what another forged is told to everybody in these clusters",
		"EGR214 kubectl taint nodes":                lost,
		"EGR225 kubectl egress grant":               "the grants are the whole cluster's: TestGrants carries it out",
		"kubectl get ippools.crd.projectcalico.org": "it lists what only Calico has",
		"kubectl api-resources":                     "the API is missing for the whole cluster: TestPrintedWithoutMultus runs it",
	}
}

// silent are the codes whose findings print no command, and why.
func silent() map[string]string {
	const spec = "the spec is the user's, in a file or in flags that nobody else knows"
	const other = "it is about a platform: the tests of its adapter hold its commands"
	out := map[string]string{
		"EGR203": "no command makes a cloud forward macvlan frames", "EGR205": "which address is free is not known",
		"EGR217": "the network of a namespace is set as it is created", "EGR223": "whether a router is created with --block-inbound is its owner's choice, with flags that nobody else knows",
	}
	for i := 101; i <= 119; i++ {
		out[fmt.Sprintf("EGR%d", i)] = spec
	}
	for i := 301; i <= 311; i++ {
		out[fmt.Sprintf("EGR%d", i)] = other
		out[fmt.Sprintf("EGR%d", i+100)] = other
	}
	return out
}

// asRouter is the command that creates partner-a. LAST stands for the last byte of an address of its own.
func asRouter(more ...string) []string {
	return append([]string{"create", "partner-a", "-n", "NS", "--address", "192.168.12.LAST/24", "--gateway", "192.168.12.1",
		"--redirect", "8080=203.0.113.26:80", "--timeout", "30s"}, more...)
}

func onCluster(args ...string) []string { return append([]string{"kubectl"}, args...) }

func inNamespace(args ...string) []string { return onCluster(append(args, "-n", "NS")...) }

// netStatus is what Multus notes on a pod with an address on net1.
func netStatus(ip string) string {
	return `k8s.v1.cni.cncf.io/network-status=[{"name":"x","interface":"eth0","ips":["10.128.0.250"],"default":true},{"name":"NS/x","interface":"net1","ips":["` + ip + `"],"mac":"02:00:00:00:00:01"}]`
}

const openPolicy = `{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"open","namespace":"NS"},
	"spec":{"podSelector":SELECTOR,"policyTypes":["Ingress"],"ingress":[{}]}}`

const podByHand = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"by-hand","namespace":"NS","labels":{"app":"egress-router-cni"},
	"annotations":{"k8s.v1.cni.cncf.io/networks":"egress-router-cni-nad"}},"spec":{"containers":[{"name":"c","image":"registry.k8s.io/pause:3.10"}]}}`

const bothService = `{"apiVersion":"v1","kind":"Service","metadata":{"name":"both","namespace":"NS"},
	"spec":{"selector":{"app.kubernetes.io/name":"egress-router"},"ports":[{"name":"a","port":8080}]}}`

// nadOf is a NAD's config for partner-a.
func nadOf(version, ip string) string {
	return fmt.Sprintf(`{"spec":{"config":"{\"cniVersion\":\"%s\",\"type\":\"egress-router\",\"name\":\"partner-a\",\"ip\":{\"addresses\":[\"%s/24\"],\"destinations\":[\"8080 TCP 203.0.113.26 80\"],\"gateway\":\"192.168.12.1\"}}"}}`, version, ip)
}

func printedCases() []printed {
	const standalone, deployment, own = "--provisioner=standalone", "deployment/egress-router-cni-deployment", "app.kubernetes.io/instance=partner-a"
	asleep := onCluster("annotate", "namespace", "NS", "test.kubectl-egress.io/operator=asleep")
	noMultus := onCluster("annotate", "namespace", "NS", "test.kubectl-egress.io/multus=asleep")
	multus := onCluster("annotate", "namespace", "NS", "test.kubectl-egress.io/multus-")
	deletePod := inNamespace("delete", "pod", "--wait=false", "-l", own)
	patchNAD := func(patch string) []string {
		return inNamespace("patch", "net-attach-def", "partner-a", "--type=merge", "-p", patch)
	}
	return []printed{
		{name: "what may not be read", code: "EGR202", user: "reader", says: "a part of the cluster is unknown"},
		{name: "what may not be written", code: "EGR202", user: "writer", says: "create"},
		{name: "many MACs", code: "EGR206", plant: [][]string{asRouter()}, flags: []string{"--max-macs-per-node=1"}},
		{name: "no node", code: "EGR207", router: "partner-a", says: "no node can take", plant: [][]string{asRouter(standalone, "--node-selector", "egress=nowhere", "--wait=false")}},
		{name: "Pod Security", code: "EGR208", router: "partner-a", plant: [][]string{
			onCluster("label", "namespace", "NS", "pod-security.kubernetes.io/enforce=restricted"),
			asRouter(standalone, "--cluster-routes", "10.128.0.0/14", "--force", "--wait=false"),
		}},
		{name: "a port is missing", code: "EGR209", router: "partner-a", says: "no Service has a port", plant: [][]string{
			asRouter("--redirect", "8443=203.0.113.27:443"), {"expose", "partner-a", "-n", "NS", "--port", "8080"}}},
		{name: "a port too many", code: "EGR209", router: "partner-a", says: "no rule redirects", plant: [][]string{asRouter("--expose"),
			inNamespace("patch", "service", "partner-a", "--type=json", "-p", `[{"op":"add","path":"/spec/ports/-","value":{"name":"extra","port":9999}}]`)},
			editor: `/- name: extra/,+3d`},
		{name: "another's target port", code: "EGR209", router: "partner-a", says: "no Service has a port", plant: [][]string{asRouter("--expose"),
			inNamespace("patch", "service", "partner-a", "--type=json", "-p", `[{"op":"replace","path":"/spec/ports/0/targetPort","value":9999}]`)}},
		{name: "another's Service", code: "EGR209", router: "partner-a", says: "no Service has a port", plant: [][]string{asRouter(),
			{"apply", replaced(replaced(bothService, `"app.kubernetes.io/name":"egress-router"`, `"app":"egress-router-cni"`), "8080", "9999")}}},
		{name: "a Service of two routers", code: "EGR209", router: "partner-a", says: "no Service has a port", plant: [][]string{
			asRouter(standalone, "--redirect", "8443=203.0.113.27:443"), {"apply", bothService}}},
		{name: "bad master", code: "EGR210", router: "partner-a", plant: [][]string{asRouter(standalone, "--macvlan-master", "nosuch0", "--wait=false")}},
		{name: "no image", code: "EGR210", router: "partner-a", says: "ImagePull", plant: [][]string{
			onCluster("annotate", "namespace", "NS", "test.kubectl-egress.io/image-pull=fail"), asRouter(standalone, "--image", "example.com/gone:v1", "--wait=false")}},
		{name: "scaled to 0", code: "EGR210", router: "partner-a", says: "scaled to 0", plant: [][]string{asRouter(standalone), inNamespace("scale", "deployment", "partner-a", "--replicas=0")}},
		{name: "another CNI version", code: "EGR210", router: "partner-a", says: "incompatible", plant: [][]string{asRouter(standalone), patchNAD(nadOf("1.0.0", "192.168.12.LAST")), deletePod},
			editor: `s/1\.0\.0/0.4.0/`},
		{name: "no NAD", code: "EGR210", router: "partner-a", says: "does not find NAD", plant: [][]string{asRouter(standalone), inNamespace("delete", "net-attach-def", "partner-a"), deletePod}},
		{name: "no quota", code: "EGR210", router: "partner-a", says: "cannot make its pod", plant: [][]string{
			inNamespace("create", "quota", "none", "--hard=pods=1"),
			inNamespace("patch", "quota", "none", "--subresource=status", "--type=merge", "-p", `{"status":{"hard":{"pods":"1"},"used":{"pods":"1"}}}`), asRouter(standalone, "--wait=false")}},
		{name: "one MAC twice on a node", code: "EGR210", router: "partner-a", says: "address already in use", plant: [][]string{
			asRouter(standalone, "--node-selector", "kubernetes.io/hostname=worker-1"), inNamespace("scale", "deployment", "partner-a", "--replicas=2")}},
		{name: "a changed NAD", code: "EGR211", router: "partner-a", plant: [][]string{asRouter(standalone), patchNAD(nadOf("0.4.0", "192.168.12.250"))}},
		{name: "a changed NAD of an operator-managed router", code: "EGR211", router: "partner-a", plant: [][]string{asRouter(), asleep,
			inNamespace("patch", "net-attach-def", "egress-router-cni-nad", "--type=merge", "-p", nadOf("0.4.0", "192.168.12.250"))}},
		{name: "no net1", code: "EGR212", router: "partner-a", says: "runs without", plant: [][]string{noMultus, asRouter(standalone, "--timeout", "5s")}, words: [][]string{multus}},
		{name: "another address", code: "EGR212", router: "partner-a", says: "the reserved address is", plant: [][]string{asRouter(standalone),
			inNamespace("annotate", "pod", "--overwrite", "-l", own, netStatus("192.168.12.251"))}},
		{name: "a network-status that nobody can read", code: "EGR212", router: "partner-a", says: "cannot be read", plant: [][]string{asRouter(standalone),
			inNamespace("annotate", "pod", "--overwrite", "-l", own, "k8s.v1.cni.cncf.io/network-status={")}},
		{name: "a template that does not ask", code: "EGR212", router: "partner-a", says: "runs without", plant: [][]string{asRouter(standalone),
			inNamespace("patch", "deployment", "partner-a", "--type=json", "-p", `[{"op":"remove","path":"/spec/template/metadata/annotations/k8s.v1.cni.cncf.io~1networks"}]`)}},
		{name: "two replicas", code: "EGR214", router: "partner-a", plant: [][]string{asRouter(standalone, "--mac=random"), inNamespace("scale", "deployment", "partner-a", "--replicas=2")}},
		{name: "a pod by hand", code: "EGR214", router: "partner-a", plant: [][]string{asRouter(), {"apply", podByHand}}},
		{name: "a surge that hangs", code: "EGR214", router: "partner-a", plant: [][]string{asRouter(),
			onCluster("annotate", "namespace", "NS", "test.kubectl-egress.io/image-pull=fail"), inNamespace("rollout", "restart", deployment)}},
		{name: "another router's pod", code: "EGR214", router: "partner-a", plant: [][]string{asRouter(),
			{"create", "stray", "-n", "NS", standalone, "--address", "192.168.12.OTHER/24", "--gateway", "192.168.12.1", "--redirect", "8080=203.0.113.26:80", "--timeout", "30s"},
			inNamespace("annotate", "pod", "--overwrite", "-l", "app.kubernetes.io/instance=stray", netStatus("192.168.12.LAST"))}},
		{name: "no Service", code: "EGR215", router: "partner-a", plant: [][]string{asRouter()}},
		{name: "another's selector", code: "EGR215", router: "partner-a", says: "the selector of Service partner-a", plant: [][]string{asRouter(standalone, "--expose"),
			inNamespace("patch", "service", "partner-a", "--type=merge", "-p", `{"spec":{"selector":{"app.kubernetes.io/instance":"nobody"}}}`)}},
		{name: "no Service, standalone", code: "EGR215", router: "partner-a", plant: [][]string{asRouter(standalone)}},
		{name: "older rules", code: "EGR216", router: "partner-a", plant: [][]string{asRouter(),
			inNamespace("patch", "egressrouter", "partner-a", "--type=json", "-p", `[{"op":"replace","path":"/spec/redirect/redirectRules/0/destinationIP","value":"203.0.113.30"}]`)}},
		{name: "no policy", code: "EGR218", router: "partner-a", plant: [][]string{asRouter()}},
		{name: "a policy for everybody", code: "EGR218", router: "partner-a", says: "allows everybody", plant: [][]string{asRouter(standalone),
			{"apply", replaced(openPolicy, "SELECTOR", `{"matchLabels":{"app.kubernetes.io/name":"egress-router","app.kubernetes.io/instance":"partner-a"}}`)}}},
		{name: "a policy for everybody, of others too", code: "EGR218", router: "partner-a", says: "allows everybody", plant: [][]string{asRouter(standalone), {"apply", replaced(openPolicy, "SELECTOR", "{}")}}},
		{name: "a Deployment without its settings", code: "EGR221", router: "partner-a", says: "node selector kubernetes.io/hostname=worker-2", plant: [][]string{
			asRouter("--recreate", "--node-selector", "kubernetes.io/hostname=worker-2", "--failover-after", "1m", "--wait=false")}},
		{name: "a note that nobody can read", code: "EGR221", router: "partner-a", says: "cannot be understood", plant: [][]string{asRouter(),
			inNamespace("annotate", "egressrouter", "partner-a", "kubectl-egress.io/deployment={")}},
		{name: "the operator is silent", code: "EGR220", router: "partner-a", plant: [][]string{asleep, asRouter("--wait=false")}},
	}
}

// degrading are cases that degrade the operator of the whole cluster: one after the other.
func degrading() []printed {
	bad := []string{"apply", manifest("partner-a", "192.168.12.LAST", "192.168.12.1", "203.0.113.26")}
	gone := inNamespace("delete", "egressrouter", "partner-a")
	return []printed{
		{name: "an unrenderable router", code: "EGR204", router: "partner-a", plant: [][]string{bad}, cleanup: [][]string{
			inNamespace("patch", "egressrouter", "partner-a", "--type=json", "-p", `[{"op":"replace","path":"/spec/addresses/0/ip","value":"192.168.12.LAST/24"}]`)}},
		{name: "an orphan", code: "EGR219", router: "partner-a", plant: [][]string{bad, onCluster("wait", "clusteroperator/network", "--for=condition=Degraded=True", "--timeout=60s"), gone}},
		{name: "an orphan beside a router", code: "EGR219", router: "partner-a", plant: [][]string{bad, onCluster("wait", "clusteroperator/network", "--for=condition=Degraded=True", "--timeout=60s"), gone,
			{"create", "partner-b", "-n", "NS", "--address", "192.168.12.OTHER/24", "--gateway", "192.168.12.1", "--redirect", "8080=203.0.113.26:80", "--timeout", "30s"}}},
	}
}
