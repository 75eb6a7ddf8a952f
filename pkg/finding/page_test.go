package finding

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/docs/findings"
)

const goodPage = `## What
It is
wrong.

## Why it happens
So.

## How to see it
` + "```\n## no heading\n```" + `
## How to fix it

Fix it.
`

func TestParsePage(t *testing.T) {
	entry, err := Lookup(NoPrefix)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parsePage(entry, entry.head()+goodPage)
	want := Page{Code: NoPrefix, Level: Error, Title: entry.Title, What: "It is\nwrong.", Why: "So.",
		See: "```\n## no heading\n```", Fix: "Fix it."}
	if err != nil || got != want {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	for text, want := range map[string]string{
		"":                  `section "What" is missing`,
		"More.\n":           `"More." stands before the first section`,
		"## What\n## Why\n": `section "What" is empty`,
		strings.Replace(goodPage, "## Why it happens", "## Why", 1):               `section "Why" is unknown, or in the wrong place`,
		strings.Replace(goodPage, "## What\nIt is\nwrong.\n", "", 1):              `section "Why it happens" is unknown, or in the wrong place`,
		strings.Replace(goodPage, "## How to fix it\n\nFix it.\n", "", 1):         `section "How to fix it" is missing`,
		goodPage + "## See also\nmore\n":                                          `section "See also" is unknown, or in the wrong place`,
		strings.Replace(goodPage, "```\n## How to fix it", "## How to fix it", 1): "a fenced block has no end",
	} {
		if got, err := parsePage(entry, entry.head()+text); err == nil || err.Error() != want || got != (Page{}) {
			t.Errorf("parsePage(%q) is %+v, %v; want %s", text, got, err, want)
		}
	}
}

// A page whose heading or level is not the catalogue's is refused.
func TestPageAgreesWithTheCatalogue(t *testing.T) {
	const head = "# EGR101: the address is not an IP address with a prefix length\n\nLevel: error. All codes are in [findings](../findings.md).\n"
	entry, err := Lookup(NoPrefix)
	if err != nil || entry.head() != head {
		t.Fatalf("the head is %q, %v; want %q", entry.head(), err, head)
	}
	for _, other := range []string{"EGR102: the address", "EGR101: an address", "Level: warning."} {
		old := map[bool]string{true: "Level: error.", false: "EGR101: the address"}[strings.HasPrefix(other, "Level")]
		want := fmt.Sprintf("it does not begin with what the catalogue says: %q", head)
		if _, err := parsePage(entry, strings.Replace(head, old, other, 1)+goodPage); err == nil || err.Error() != want {
			t.Errorf("a page with %s: %v", other, err)
		}
	}
}

// Every code can be explained.
func TestEveryCodeHasAPage(t *testing.T) {
	for _, entry := range Catalogue() {
		if _, err := PageOf(entry.Code); err != nil {
			t.Error(err)
		}
	}
	if _, err := PageOf("EGR999"); err == nil || err.Error() != "there is no finding EGR999" {
		t.Errorf("the page of a code that is none: %v", err)
	}
}

// Every file is the page of a code.
func TestEveryPageHasACode(t *testing.T) {
	files, err := findings.Pages.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, err := Lookup(Code(strings.TrimSuffix(file.Name(), ".md"))); err != nil {
			t.Errorf("%s: %v", file.Name(), err)
		}
	}
}
