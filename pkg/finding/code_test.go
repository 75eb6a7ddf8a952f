package finding

import (
	"slices"
	"testing"
)

func TestParseCode(t *testing.T) {
	for text, want := range map[string]Code{"EGR210": PodHangs, "egr210": PodHangs, "210": PodHangs, " Egr101\n": NoPrefix} {
		if got, err := ParseCode(text); err != nil || got != want {
			t.Errorf("ParseCode(%q) is %q, %v; want %s", text, got, err, want)
		}
	}
	_, err := ParseCode("EGR221")
	want := `there is no finding "EGR221": the nearest are EGR220 (the operator has made nothing of a valid router), ` +
		`EGR223 (hosts of the nodes' network can reach pods through routers), EGR211 (the NAD does not say what the router asks for), ` +
		`EGR201 (the API for egress routers, or Multus, is not served), EGR219 (the network operator still complains of a router that is gone)`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestNearest(t *testing.T) {
	for text, want := range map[string][]Code{
		"EGR21":  {PodHangs, NADDiffers, NoNet1, NoClusterRoutes, TwoHolders},
		"sctp":   {SCTPModule},
		"EGR501": {NoVM, NoPort, NoAPI, NoPrefix, Hardening},
		"":       {NoPrefix, UnusableAddress, NoGateway, GatewayElsewhere, ManyAddresses},
		"\x1b[m": {NoPrefix, UnusableAddress, NoGateway, GatewayElsewhere, ManyAddresses},
	} {
		var got []Code
		for _, e := range handful(text) {
			got = append(got, e.Code)
		}
		if !slices.Equal(got, want) {
			t.Errorf("the nearest of %q are %s, want %s", text, got, want)
		}
	}
}
