#!/usr/bin/env bash
# Puts the servers that the tests and the demo run against into one folder and prints its path:
# etcd, kube-apiserver, kube-controller-manager and kubectl.
#
# Where from, in this order:
#   1. KUBEBUILDER_ASSETS, if set, for whatever it holds;
#   2. setup-envtest's download (10 seconds' patience), for the three that it offers;
#   3. built from the Go modules k8s.io/kubernetes and go.etcd.io/etcd/server/v3.
# kube-controller-manager is offered by no download, so it is usually built.
#
# Everything lands in ${XDG_CACHE_HOME:-~/.cache}/kubectl-egress/VERSION, by rename, so that an
# interrupted run leaves nothing half written and the next run goes on where it stopped.
set -euo pipefail

K8S_VERSION=${K8S_VERSION:-v1.34.4}
ETCD_VERSION=${ETCD_VERSION:-v3.6.4}
SETUP_ENVTEST=sigs.k8s.io/controller-runtime/tools/setup-envtest@release-0.22
GO=${GO:-go}
MINOR=${K8S_VERSION#v1.}
ASSETS=${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-egress/$K8S_VERSION
WANTED="etcd kubectl kube-apiserver kube-controller-manager"

say() { echo "kube-assets: $*" >&2; }

missing() {
	for name in $WANTED; do
		[ -x "$ASSETS/$name" ] || echo "$name"
	done
}

# copy_from DIR: takes what DIR has of the missing ones.
copy_from() {
	for name in $(missing); do
		[ -x "$1/$name" ] || continue
		cp "$1/$name" "$ASSETS/.$name.$$"
		mv "$ASSETS/.$name.$$" "$ASSETS/$name"
		say "$name taken from $1"
	done
}

# download: asks setup-envtest, which knows where the published binaries are. No network is no error.
download() {
	say "asking setup-envtest for Kubernetes ${K8S_VERSION#v} (at most 10 seconds)"
	local dir
	if dir=$(GOFLAGS=-mod=mod timeout 10 "$GO" run "$SETUP_ENVTEST" use "${K8S_VERSION#v}" --bin-dir "$ASSETS/.download" -p path 2>/dev/null) && [ -n "$dir" ]; then
		copy_from "$dir"
	else
		say "no download to be had: building from the Go modules"
	fi
	chmod -R u+w "$ASSETS/.download" 2>/dev/null || true
	rm -rf "$ASSETS/.download"
}

# wrapper DIR: writes a module that can build the commands of k8s.io/kubernetes. That module replaces
# its staging modules by folders that its release does not contain, so each is pinned to its own release.
wrapper() {
	local upstream
	upstream=$(cd "$1" && GOFLAGS=-mod=mod "$GO" mod download -json "k8s.io/kubernetes@$K8S_VERSION" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
	{
		echo "module kube-assets.invalid"
		echo
		grep -m1 -E '^go [0-9]' "$upstream"
		echo
		# The godebug lines change how the servers behave at run time.
		grep -E '^godebug ' "$upstream" || true
		echo
		echo "require ("
		echo "	k8s.io/kubernetes $K8S_VERSION"
		echo "	go.etcd.io/etcd/server/v3 $ETCD_VERSION"
		echo ")"
		echo
		echo "replace ("
		sed -n 's#^[[:space:]]*\(k8s.io/[a-z-]*\) => \./staging/src/.*#\t\1 => \1 v0.'"$MINOR"'#p' "$upstream"
		echo ")"
		echo
		echo "tool ("
		echo "	k8s.io/kubernetes/cmd/kube-apiserver"
		echo "	k8s.io/kubernetes/cmd/kube-controller-manager"
		echo "	k8s.io/kubernetes/cmd/kubectl"
		echo "	go.etcd.io/etcd/server/v3"
		echo ")"
	} >"$1/go.mod"
}

# stamp: the linker flags that tell a binary its version; without them it calls itself v0.0.0-master.
stamp() {
	local flags="-s -w" pkg
	for pkg in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
		flags="$flags -X $pkg.gitVersion=$K8S_VERSION -X $pkg.gitMajor=1 -X $pkg.gitMinor=${MINOR%%.*}"
		flags="$flags -X $pkg.gitTreeState=clean -X $pkg.buildDate=1970-01-01T00:00:00Z"
	done
	echo "$flags"
}

build() {
	local names=$1 count i=0 work name pkg started
	count=$(echo "$names" | wc -w | tr -d ' ')
	work=$(mktemp -d)
	trap "rm -rf '$work'" EXIT
	say "building $count server(s) from source, once: about 15 minutes on two cores, cached in $ASSETS"
	say "fetching the modules of Kubernetes $K8S_VERSION and etcd $ETCD_VERSION"
	wrapper "$work"
	for name in $names; do
		i=$((i + 1))
		started=$(date +%s)
		case $name in
		etcd) pkg=go.etcd.io/etcd/server/v3 ;;
		*) pkg=k8s.io/kubernetes/cmd/$name ;;
		esac
		say "building $name ($i of $count)"
		(cd "$work" && GOFLAGS=-mod=mod GOWORK=off CGO_ENABLED=0 "$GO" build -trimpath -ldflags "$(stamp)" -o "$ASSETS/.$name.$$" "$pkg") >"$work/log" 2>&1 || {
			cat "$work/log" >&2
			say "building $name failed (the lines above say why)"
			exit 1
		}
		mv "$ASSETS/.$name.$$" "$ASSETS/$name"
		say "built $name in $(($(date +%s) - started)) s"
	done
}

mkdir -p "$ASSETS"
if [ -n "$(missing)" ] && [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
	copy_from "$KUBEBUILDER_ASSETS"
fi
# The download has all but kube-controller-manager; for that alone it is not asked.
if [ -n "$(missing | grep -v '^kube-controller-manager$' || true)" ]; then
	download
fi
if [ -n "$(missing)" ]; then
	build "$(missing | tr '\n' ' ')"
fi
echo "$ASSETS"
