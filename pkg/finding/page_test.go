package finding

import (
	"strings"
	"testing"
)

const goodPage = `## What
It is
wrong.

## Why it happens
So.

## How to see it
` + "```\n## no heading\n```" + `
## How to mend it

Mend it.
`

func TestParsePage(t *testing.T) {
	entry, err := Lookup(NoPrefix)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parsePage(entry, goodPage)
	want := Page{Code: NoPrefix, Level: Error, Title: entry.Title, What: "It is\nwrong.", Why: "So.",
		See: "```\n## no heading\n```", Mend: "Mend it."}
	if err != nil || got != want {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	for text, want := range map[string]string{
		"":                  `section "What" is missing`,
		"# EGR101\n":        `"# EGR101" stands before the first section`,
		"## What\n## Why\n": `section "What" is empty`,
		strings.Replace(goodPage, "## Why it happens", "## Why", 1):                 `section "Why" is unknown, or in the wrong place`,
		strings.Replace(goodPage, "## What\nIt is\nwrong.\n", "", 1):                `section "Why it happens" is unknown, or in the wrong place`,
		strings.Replace(goodPage, "## How to mend it\n\nMend it.\n", "", 1):         `section "How to mend it" is missing`,
		goodPage + "## See also\nmore\n":                                            `section "See also" is unknown, or in the wrong place`,
		strings.Replace(goodPage, "```\n## How to mend it", "## How to mend it", 1): "a fenced block has no end",
	} {
		if got, err := parsePage(entry, text); err == nil || err.Error() != want || got != (Page{}) {
			t.Errorf("parsePage(%q) is %+v, %v; want %s", text, got, err, want)
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
	files, err := pages.ReadDir("pages")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, err := Lookup(Code(strings.TrimSuffix(file.Name(), ".md"))); err != nil && file.Name() != "README.md" {
			t.Errorf("pages/%s: %v", file.Name(), err)
		}
	}
}
