package finding

import (
	"strconv"
	"strings"
	"unicode"
)

// Printable is s on one line, with what a terminal would obey spelled out: the values in it are of whoever
// may write a router, and the API takes any text as an address or a master.
func Printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}
