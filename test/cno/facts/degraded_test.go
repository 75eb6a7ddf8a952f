package facts

import (
	"testing"
	"time"

	netopv1 "github.com/openshift/api/networkoperator/v1"
)

func TestRetry(t *testing.T) {
	for n, want := range map[int]time.Duration{
		1: 5 * time.Millisecond, 2: 10 * time.Millisecond, 16: 163840 * time.Millisecond, 18: 655360 * time.Millisecond, 19: 1000 * time.Second, 100: 1000 * time.Second,
	} {
		if got := Retry(n); got != want {
			t.Errorf("pause after failure %d: %s, want %s", n, got, want)
		}
	}
}

func TestDebounces(t *testing.T) {
	for release, want := range map[string]bool{"4.12.0": false, "4.21.17": false, "4.22.0-rc.1": true, "4.30.1": true, "5.0.0": true, "": false} {
		if got := Debounces(release); got != want {
			t.Errorf("%q: %v, want %v", release, got, want)
		}
	}
}

func TestUnrenderable(t *testing.T) {
	for name, addresses := range Unrenderable() {
		if RenderError(&netopv1.EgressRouterSpec{Addresses: addresses}) == nil {
			t.Errorf("%s: rendered", name)
		}
	}
	if err := RenderError(&netopv1.EgressRouterSpec{Addresses: []netopv1.EgressRouterAddress{{IP: "fd00::1/64", Gateway: "10.0.0.1"}}}); err != nil {
		t.Errorf("what only the plugin refuses: %v", err)
	}
}
