package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// The README holds what the demo prints between these lines.
const (
	begin = "<!-- make demo prints -->\n```console\n"
	end   = "```\n<!-- end of make demo -->\n"
)

// cut splits the README around the demo.
func cut(path string) (before, demo, after string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", "", "", err
	}
	before, rest, found := strings.Cut(string(text), begin)
	demo, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return "", "", "", fmt.Errorf("%s has no place for the demo: the lines %q and %q", path, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before, demo, after, nil
}

func checkREADME(path, printed string) error {
	_, demo, _, err := cut(path)
	if err != nil {
		return err
	}
	if timeless(demo) != timeless(printed) {
		return fmt.Errorf("%s shows something else than the demo prints: rewrite it with \"make readme\"", path)
	}
	fmt.Fprintf(os.Stderr, "demo: %s shows the same\n", path)
	return nil
}

func updateREADME(path, printed string) error {
	before, _, after, err := cut(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(before+begin+strings.TrimSuffix(printed, "\n")+end+after), 0o644)
}

// timeless is what is printed without what differs from run to run: ages, the node, IDs and ports, and what is said
// of a wait that lasts longer on a busy machine.
func timeless(text string) string {
	var kept []string
	for line := range strings.Lines(strings.TrimSpace(text)) {
		if regexp.MustCompile(`^egress router \S+: `).MatchString(line) && !strings.Contains(line, "restarting") {
			continue
		}
		line = regexp.MustCompile(`\b\d+s\b`).ReplaceAllString(line, "AGE")
		line = regexp.MustCompile(`worker-\d`).ReplaceAllString(line, "NODE")
		line = regexp.MustCompile(`([0-9a-f]{2}:){5}[0-9a-f]{2}`).ReplaceAllString(line, "MAC")
		line = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).ReplaceAllString(line, "UUID")
		line = regexp.MustCompile(`_H\d\b`).ReplaceAllString(line, "HOST")
		line = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`).ReplaceAllString(line, "TIME")
		line = regexp.MustCompile(`-[0-9a-f]{8,10}-[0-9a-z]{5}\b`).ReplaceAllString(line, "-POD")
		line = regexp.MustCompile(`172\.30\.\d+\.\d+|10\.128\.0\.\d+`).ReplaceAllString(line, "IP")
		line = regexp.MustCompile(`\b[0-9a-f]{32}\b`).ReplaceAllString(line, "ID")
		line = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(line, "SERVER")
		kept = append(kept, regexp.MustCompile(` +`).ReplaceAllString(strings.TrimRight(line, " \n"), " "))
	}
	return strings.Join(kept, "\n")
}
