package finding

import "testing"

func TestWording(t *testing.T) {
	for got, want := range map[string]string{
		Count(0, "router"):                             "0 routers",
		Count(1, "router"):                             "1 router",
		Count(3, "router"):                             "3 routers",
		Listed(nil, 2, ", "):                           "",
		Listed([]string{"a", "b"}, 2, ", "):            "a, b",
		Listed([]string{"a", "b", "c", "d"}, 2, ", "):  "a, b and 2 more",
		Listed([]string{"a: x", "b: y", "c"}, 2, "; "): "a: x; b: y and 1 more",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestCommand(t *testing.T) {
	for command, want := range map[Command][2]string{"": {"kubectl egress", "kubectl"}, "kubectl egress": {"kubectl egress", "kubectl"}, "oc egress": {"oc egress", "oc"}} {
		if got := [2]string{command.String(), command.CLI()}; got != want {
			t.Errorf("%q is %q, want %q", string(command), got, want)
		}
	}
}
