package cmd

import (
	"runtime/debug"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/version"
)

func TestSkew(t *testing.T) {
	for _, test := range []struct {
		server  string
		library uint
		want    string
	}{
		{"v1.24.17", 37, "older than Kubernetes v1.25"},
		{"v1.25.0", 37, ""},
		{"v1.27.3+4aaeaec", 37, ""},
		{"v1.40.9", 37, ""},
		{"v1.41.0-rc.1", 37, "newer than Kubernetes v1.40"},
		{"v1.99.0", 0, ""},
		{"what?", 37, ""},
	} {
		got := skew(&version.Info{GitVersion: test.server}, test.library)
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("skew(%s, %d) is %q, want %q", test.server, test.library, got, test.want)
		}
	}
	if got := skew(nil, 37); got != "" {
		t.Errorf("without a server, skew is %q", got)
	}
}

func TestMinorOf(t *testing.T) {
	module := &debug.Module{Path: "k8s.io/client-go", Version: "v0.34.1"}
	replaced := &debug.Module{Path: "k8s.io/client-go", Version: "v0.34.1", Replace: &debug.Module{Version: "v0.35.0"}}
	for want, build := range map[uint]*debug.BuildInfo{
		34: {Deps: []*debug.Module{{Path: "k8s.io/api", Version: "v0.30.0"}, module}},
		35: {Deps: []*debug.Module{replaced}},
		0:  nil,
	} {
		if got := minorOf(build); got != want {
			t.Errorf("minorOf is %d, want %d", got, want)
		}
	}
}
