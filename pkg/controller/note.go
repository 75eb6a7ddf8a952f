package controller

import (
	"unicode/utf8"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// longestNote is how many bytes the API server takes as the note of an Event.
const longestNote = 1024

// Note returns text and end, in a line that an Event can hold: text is cut where both are too long.
func Note(text, end string) string {
	return cut(finding.Printable(text), longestNote-len(end)) + end
}

// cut is text in at most n bytes, with dots where some of it is left out.
func cut(text string, n int) string {
	const dots = "..."
	if len(text) <= n {
		return text
	}
	n -= len(dots)
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:max(n, 0)] + dots
}
