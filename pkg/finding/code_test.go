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
	_, err := ParseCode("EGR412")
	want := `there is no finding "EGR412": the nearest are EGR411 (the change goes against a hardening rule), ` +
		`EGR410 (promiscuous mode with several uplinks duplicates packets), EGR402 (forged transmits are rejected), ` +
		`EGR212 (the pod runs without the reserved address on net1), EGR112 (the mode is not Redirect)`
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
