//go:build linux

package main

import (
	"fmt"
	"os"
	"time"
)

// words, if there are any, are all that the log says: what the real plugin writes is nobody's to rely on. The linker
// sets them: -X main.words=TEXT.
var words string

// logFile is where a line goes, or nowhere where it is empty: nothing may come to stdout or stderr.
type logFile string

// openLog is the log that a configuration names.
func openLog(path string) logFile { return logFile(path) }

// defaultLog is the log of a configuration that cannot be read.
func defaultLog() logFile { return "/tmp/egress-router-log" }

// printf adds a line with the time. That it cannot be written is nobody's business, as all else.
func (l logFile) printf(format string, args ...any) {
	if l == "" {
		return
	}
	file, err := os.OpenFile(string(l), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return
	}
	defer func() { _ = file.Close() }()
	text := fmt.Sprintf(format, args...)
	if words != "" {
		text = words
	}
	_, _ = fmt.Fprintf(file, "%s %s\n", time.Now().UTC().Format(time.RFC3339), text)
}
