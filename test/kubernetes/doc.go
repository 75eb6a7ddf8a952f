// Package kubernetes starts a Kubernetes whose nodes are real, on one machine and without a registry: package
// kube's control plane, and for each node a containerd, a kubelet, a kube-proxy and Multus, in namespaces of the
// node's own. Pods run, and packets flow, to servers beyond a gateway that tell who they see.
//
// It needs root, and Linux, and the folders that hack/kube-assets.sh and hack/node-assets.sh fill. It touches
// nothing outside its namespaces but cgroups of its own, which it removes.
//
// The egress-router CNI plugins are package cniplugin's stand-ins: that of OpenShift 4.20 on on node-1, the one before
// on node-2. To try another on all nodes, name its file in EGRESS_ROUTER_PLUGIN.
package kubernetes
