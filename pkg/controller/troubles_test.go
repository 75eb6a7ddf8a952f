package controller

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"
)

func TestTroubles(t *testing.T) {
	var out bytes.Buffer
	drop := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "after" {
			return slog.Attr{}
		}
		return a
	}
	troubles := newTroubles(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: drop})), newMetrics())
	away, else1 := errors.New("Neutron is away"), errors.New("Neutron says no")
	said := []bool{troubles.Say("cloud", away), troubles.Say("cloud", away), troubles.Say("cloud", else1)}
	// Time goes by.
	troubles.known["cloud"] = trouble{away.Error(), time.Now(), time.Now().Add(-reword)}
	said = append(said, troubles.Say("cloud", away), troubles.Say("cloud", else1))
	troubles.known["cloud"] = trouble{else1.Error(), time.Now(), time.Now().Add(-reminder)}
	said = append(said, troubles.Say("cloud", else1), troubles.Say("router a/b", away))
	troubles.Over("cloud")
	troubles.Over("cloud")
	troubles.Keep(nil, nil)
	troubles.Over("router a/b")
	said = append(said, troubles.Say("cloud", away))
	want := []bool{true, false, false, false, true, false, true, true}
	for i := range want {
		if said[i] != want[i] {
			t.Errorf("what was said is news: %v, want %v", said, want)
			break
		}
	}
	const log = `level=WARN msg="Neutron is away" about=cloud
level=WARN msg="Neutron says no" about=cloud
level=WARN msg="Neutron says no" about=cloud
level=WARN msg="Neutron is away" about=router
level=INFO msg="over: Neutron says no"
level=WARN msg="Neutron is away" about=cloud
`
	if out.String() != log {
		t.Errorf("the log is\n%s\nwant\n%s", out.String(), log)
	}
}
