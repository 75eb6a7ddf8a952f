// Package transcript holds commands that the transcripts of more than one test know.
package transcript

import (
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// Eventually makes the command "eventually COMMAND...", which runs a command until it succeeds, for at most
// patience, with a pause between.
func Eventually(patience, pause time.Duration) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		deadline := time.Now().Add(patience)
		for {
			err := ts.Exec(args[0], args[1:]...)
			if err == nil {
				return
			}
			if time.Now().After(deadline) {
				ts.Fatalf("%s never succeeded: %v", strings.Join(args, " "), err)
			}
			time.Sleep(pause)
		}
	}
}
