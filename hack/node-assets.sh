#!/usr/bin/env bash
# Puts what a Kubernetes node runs into one folder and prints its path: kubelet, kube-proxy and
# kube-scheduler, containerd and runc, Multus and the reference CNI plugins. test/kubernetes starts them.
#
# Where from:
#   1. the Go modules k8s.io/kubernetes, multus-cni.v4 and containernetworking/plugins, built;
#   2. Debian 12's packages for containerd, runc, nft, iptables and a static busybox, unpacked and not
#      installed: nothing of the machine is changed, and no service is started.
#
# Everything lands in ${XDG_CACHE_HOME:-~/.cache}/kubectl-egress/node-VERSIONS, by rename, so that an
# interrupted run leaves nothing half written and the next run goes on where it stopped. The builds
# are of the lowest priority and take one core: about 15 minutes with an empty build cache.
set -euo pipefail

K8S_VERSION=${K8S_VERSION:-v1.34.4}
MULTUS_VERSION=${MULTUS_VERSION:-v4.2.0}
PLUGINS_VERSION=${PLUGINS_VERSION:-v1.9.1}
GO=${GO:-go}
MINOR=${K8S_VERSION#v1.}
NODE=${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-egress/node-$K8S_VERSION-multus-$MULTUS_VERSION-plugins-$PLUGINS_VERSION

K8S=k8s.io/kubernetes
MULTUS=gopkg.in/k8snetworkplumbingwg/multus-cni.v4
PLUGINS=github.com/containernetworking/plugins

# The libraries are those of nft, iptables and runc that a small machine may lack.
PACKAGES="containerd runc nftables iptables busybox-static
	libnftables1 libnftnl11 libmnl0 libjansson4 libxtables12 libedit2 libbsd0 libmd0 libgmp10 libseccomp2"

say() { echo "node-assets: $*" >&2; }

# fail LOG WHAT: shows a failed step's output and ends.
fail() {
	tail -n 40 "$1" >&2
	say "$2 failed (the lines above say why)"
	exit 1
}

# kubernetes_module: writes a module that can build the commands of k8s.io/kubernetes. That module replaces
# its staging modules by folders that its release does not contain, so each is pinned to its own release.
kubernetes_module() {
	local upstream
	upstream=$("$GO" mod download -json "$K8S@$K8S_VERSION" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
	{
		printf 'module node-assets.invalid\n\n'
		# The godebug lines change how the programs behave at run time.
		grep -E '^(go [0-9]|godebug )' "$upstream"
		printf '\nrequire %s %s\n\n' "$K8S" "$K8S_VERSION"
		sed -n 's#^[[:space:]]*\(k8s.io/[a-z-]*\) => \./staging/src/.*#replace \1 => \1 v0.'"$MINOR"'#p' "$upstream"
	} >go.mod
}

# stamp: the linker flags that tell Kubernetes' programs their version; without them a kubelet calls itself
# v0.0.0-master, which an API server takes for one that is far too old.
stamp() {
	local pkg
	echo -n "-s -w"
	for pkg in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
		echo -n " -X $pkg.gitVersion=$K8S_VERSION -X $pkg.gitMajor=1 -X $pkg.gitMinor=${MINOR%%.*}"
		echo -n " -X $pkg.gitTreeState=clean -X $pkg.buildDate=1970-01-01T00:00:00Z"
	done
}

# build MODULE VERSION FILE PACKAGE [FLAGS]: builds PACKAGE of MODULE into $NODE/FILE, unless it is there.
build() {
	local module=$1 version=$2 file=$3 pkg=$1/$4 flags=${5:--s -w} started work=$WORK/${1//\//_}
	[ ! -x "$NODE/$file" ] || return 0
	started=$(date +%s)
	say "building $file of $module $version"
	if [ ! -d "$work" ]; then
		mkdir "$work"
		(
			cd "$work"
			if [ "$module" = "$K8S" ]; then
				kubernetes_module
			else
				"$GO" mod init node-assets.invalid
				"$GO" mod edit -require="$module@$version"
			fi
		) >"$WORK/log" 2>&1 || fail "$WORK/log" "fetching $module"
	fi
	(cd "$work" && nice -n 19 "$GO" build -p 1 -mod=mod -trimpath -ldflags "$flags" -o "$NODE/$file.$$" "$pkg") >"$WORK/log" 2>&1 ||
		fail "$WORK/log" "building $file"
	mv "$NODE/$file.$$" "$NODE/$file"
	say "built $file in $(($(date +%s) - started)) s"
}

# unpack: takes programs and libraries out of Debian's packages.
unpack() {
	[ ! -x "$NODE/bin/iptables" ] || return 0
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || {
		say "no apt-get or dpkg-deb here: run on Debian 12"
		exit 1
	}
	local deb names
	read -ra names <<<"$(echo $PACKAGES)"
	say "fetching ${#names[@]} of Debian's packages"
	mkdir -p "$WORK/debs" "$WORK/root"
	chmod 755 "$WORK" "$WORK/debs"
	(cd "$WORK/debs" && { apt-get -q download "${names[@]}" || { apt-get -q update && apt-get -q download "${names[@]}"; }; }) >"$WORK/log" 2>&1 ||
		fail "$WORK/log" "fetching Debian's packages"
	for deb in "$WORK"/debs/*.deb; do
		dpkg-deb -x "$deb" "$WORK/root"
	done
	cp -P --remove-destination "$WORK"/root/usr/lib/*/*.so* "$WORK"/root/lib/*/*.so* "$NODE/lib" 2>/dev/null || true
	cp --remove-destination "$WORK/root/usr/bin/containerd-shim-runc-v2" "$WORK/root/usr/bin/ctr" "$WORK/root/usr/sbin/runc" \
		"$WORK/root/usr/sbin/nft" "$WORK/root/bin/busybox" "$NODE/bin"
	cp "$WORK/root/usr/bin/containerd" "$NODE/bin/containerd.$$"
	mv "$NODE/bin/containerd.$$" "$NODE/bin/containerd"
	cp -r "$WORK"/root/usr/lib/*/xtables "$NODE/lib"
	cp "$WORK/root/usr/sbin/xtables-nft-multi" "$NODE/bin/iptables.$$"
	mv "$NODE/bin/iptables.$$" "$NODE/bin/iptables" # last: it says that the rest is there
}

mkdir -p "$NODE/bin" "$NODE/lib" "$NODE/cni"
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
export GOWORK=off GOFLAGS= CGO_ENABLED=0

unpack
build "$PLUGINS" "$PLUGINS_VERSION" cni/bridge plugins/main/bridge
build "$PLUGINS" "$PLUGINS_VERSION" cni/loopback plugins/main/loopback
build "$PLUGINS" "$PLUGINS_VERSION" cni/host-local plugins/ipam/host-local
build "$PLUGINS" "$PLUGINS_VERSION" cni/tuning plugins/meta/tuning
build "$MULTUS" "$MULTUS_VERSION" cni/multus cmd/multus
build "$K8S" "$K8S_VERSION" bin/kube-scheduler cmd/kube-scheduler "$(stamp)"
build "$K8S" "$K8S_VERSION" bin/kube-proxy cmd/kube-proxy "$(stamp)"
build "$K8S" "$K8S_VERSION" bin/kubelet cmd/kubelet "$(stamp)"
echo "$NODE"
