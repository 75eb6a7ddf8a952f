#!/usr/bin/env bash
# Installs what test/neutron starts, a real Keystone and a real Neutron, from Debian 12's packages. It
# needs root where one of them is missing, and calls apt only then.
#
# These are Python modules and no services: nothing is written to /etc/keystone or /etc/neutron, no unit
# is made, and nothing runs when it is done.
set -euo pipefail

WANTED="python3-keystone python3-neutron python3-waitress python3-openstackclient"

say() { echo "neutron-packages: $*" >&2; }

missing() {
	local name
	for name in $WANTED; do
		dpkg-query --show --showformat '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || echo "$name"
	done
}

# forbid_services keeps packages from starting anything while apt runs, unless the machine says so itself.
forbid_services() {
	local policy=/usr/sbin/policy-rc.d
	[ ! -e "$policy" ] || return 0
	trap "rm -f $policy" EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
}

# apt runs apt-get with its output kept back, which is shown where it fails.
apt() {
	local log=$1
	shift
	DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 "$@" >>"$log" 2>&1
}

install() {
	local log names
	log=$(mktemp)
	read -ra names <<<"$(missing | tr '\n' ' ')"
	say "installing ${names[*]} and what they need: about 220 packages, one to three minutes on two cores, once"
	if ! apt "$log" install --yes --no-install-recommends "${names[@]}"; then
		say "fetching newer lists of packages first"
		apt "$log" update || true
		apt "$log" install --yes --no-install-recommends "${names[@]}" || {
			tail -n 20 "$log" >&2
			say "apt-get failed (the lines above say why; all of them are in $log)"
			exit 1
		}
	fi
	rm -f "$log"
}

[ -n "$(missing)" ] || exit 0
command -v apt-get >/dev/null || {
	say "no apt-get here: run on Debian 12, or set OS_CLOUD to a cloud that runs already"
	exit 1
}
[ "$(id -u)" = 0 ] || {
	say "$(missing | tr '\n' ' ')not installed: run $0 as root once, or set OS_CLOUD to a cloud that runs already"
	exit 1
}
started=$(date +%s)
forbid_services
install
say "installed in $(($(date +%s) - started)) s"
