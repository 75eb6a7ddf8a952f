#!/usr/bin/env bash
# Runs every fuzz target of pkg/, one after another, each for FUZZTIME. A target that fails leaves its
# input under testdata/fuzz/TARGET beside the code, where "go test" runs it from then on, and fails the
# script after the others have run.
set -euo pipefail

GO=${GO:-go}
FUZZTIME=${FUZZTIME:-60s}
export CGO_ENABLED=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# fuzz PACKAGE TARGET. Inputs that are merely of interest are not made smaller for long: by default that
# takes up to a minute each, in which nothing new is tried.
fuzz() {
	"$GO" test -run '^$' -fuzz "^$2\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 100x -parallel 2 "$1" >"$log" 2>&1
}

# deadline reports whether all that failed is Go's own end of the time: up to Go 1.26 it can be taken for a
# failure of the target (https://go.dev/issue/75804), which then left no input behind.
deadline() {
	grep -qE '^ +context deadline exceeded$' "$log" && ! grep -qE 'Failing input|panic|seed corpus entry|_test\.go:' "$log"
}

failed=()
packages=$("$GO" list -f '{{$p := .ImportPath}}{{range .TestGoFiles}}{{if eq . "fuzz_test.go"}}{{$p}}{{end}}{{end}}' ./pkg/...)
for package in $packages; do
	targets=$("$GO" test -list '^Fuzz' "$package" | grep '^Fuzz')
	for target in $targets; do
		echo "running $target of $package for $FUZZTIME"
		if fuzz "$package" "$target" || deadline; then
			grep -E '^fuzz: .*execs' "$log" | tail -n 1 || true
		else
			cat "$log"
			failed+=("$target")
		fi
	done
done
if [ ${#failed[@]} -gt 0 ]; then
	echo "FAIL: ${failed[*]}" >&2
	exit 1
fi
