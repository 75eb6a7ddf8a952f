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
