//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containernetworking/cni/pkg/skel"
)

// TestAddSwallows: ADD fails, says so in its log file, and ends as if all were well.
func TestAddSwallows(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	conf := `{"cniVersion": "0.4.0", "name": "r", "type": "egress-router", "log_file": "` + log + `",
		"interfaceArgs": {"mode": "bridged"},
		"ip": {"addresses": ["192.0.2.50/24"], "gateway": "192.0.2.1", "destinations": []}}`
	args := &skel.CmdArgs{ContainerID: "abc", IfName: "net1", Netns: "/proc/self/ns/net", StdinData: []byte(conf)}
	if err := add(args); err != nil {
		t.Errorf("add: %v, want no error", err)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if want := `ADD abc net1 failed: unknown macvlan mode: "bridged"`; !strings.Contains(string(text), want) {
		t.Errorf("the log says\n%s\nwant %s", text, want)
	}
}
