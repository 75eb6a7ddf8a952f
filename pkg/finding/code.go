package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
)

// prefix is how every code begins.
const prefix = "EGR"

// mostNearest is how many codes handful gives at most.
const mostNearest = 5

// ParseCode reads a code as a person types it: EGR210, egr210 or 210. The error for one that is not in the
// catalogue names the nearest that are.
func ParseCode(s string) (Code, error) {
	digits, _ := strings.CutPrefix(strings.ToUpper(strings.TrimSpace(s)), prefix)
	code := Code(prefix + digits)
	if _, err := Lookup(code); err == nil {
		return code, nil
	}
	near := collect.Map(handful(s), func(e Entry) string { return fmt.Sprintf("%s (%s)", e.Code, e.Title) })
	return "", fmt.Errorf("there is no finding %q: the nearest are %s", s, strings.Join(near, ", "))
}

// handful are the entries of the catalogue that s may have meant, a handful at most: those whose codes begin
// with it, else those whose titles hold it, else those whose codes differ from it in the fewest digits, the
// closest numbers first.
func handful(s string) []Entry {
	near := nearest(s)
	return near[:min(mostNearest, len(near))]
}

func nearest(s string) []Entry {
	digits, _ := strings.CutPrefix(strings.ToUpper(strings.TrimSpace(s)), prefix)
	if begun := collect.Filter(Catalogue(), func(e Entry) bool { return strings.HasPrefix(e.digits(), digits) }); digits != "" && len(begun) > 0 {
		return begun
	}
	word := strings.ToLower(strings.TrimSpace(s))
	if named := collect.Filter(Catalogue(), func(e Entry) bool { return strings.Contains(strings.ToLower(e.Title), word) }); word != "" && len(named) > 0 {
		return named
	}
	number, _ := strconv.Atoi(digits) // 0 will do for what is no number
	out := Catalogue()
	slices.SortStableFunc(out, func(a, b Entry) int {
		return cmp.Or(
			cmp.Compare(differing(a.digits(), digits), differing(b.digits(), digits)),
			cmp.Compare(a.distance(number), b.distance(number)),
		)
	})
	return out
}

// digits are e's code without its prefix.
func (e Entry) digits() string { return strings.TrimPrefix(string(e.Code), prefix) }

// distance is how far number is from e's.
func (e Entry) distance(number int) int {
	own, _ := strconv.Atoi(e.digits()) // the catalogue's are numbers
	return max(own-number, number-own)
}

// differing counts the places in which a and b differ.
func differing(a, b string) int {
	n := max(len(a), len(b)) - min(len(a), len(b))
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}
