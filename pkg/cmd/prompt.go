package cmd

import (
	"bufio"
	"strings"
)

// agrees asks a person a question, and reports whether the answer is yes. No answer is no.
func (f *factory) agrees(question string) bool {
	fprintf(f.ErrOut, "%s [y/N] ", question)
	answer, _ := bufio.NewReader(f.In).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true
	default:
		return false
	}
}
