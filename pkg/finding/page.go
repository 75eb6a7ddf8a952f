package finding

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/docs/findings"
)

// Page is all that there is to say of a code. The texts are Markdown.
type Page struct {
	Code  Code   `json:"code"`
	Level Level  `json:"level"`
	Title string `json:"title"`
	// What says what is wrong; Why how it comes to that; See how to look for oneself; Fix what to do.
	What string `json:"what"`
	Why  string `json:"why"`
	See  string `json:"see"`
	Fix  string `json:"fix"`
}

// Section is one heading of a Page and the text below it.
type Section struct {
	Heading string
	Text    string
}

// Sections are the texts of p, in order, under the headings that its file has.
func (p Page) Sections() []Section {
	return []Section{
		{"What", p.What}, {"Why it happens", p.Why}, {"How to see it", p.See}, {"How to fix it", p.Fix},
	}
}

// errNoPage is the error of PageOf for a code of the catalogue that nobody has written a page for.
var errNoPage = errors.New("it has no page")

// PageOf is the page of code.
func PageOf(code Code) (Page, error) {
	entry, err := Lookup(code)
	if err != nil {
		return Page{}, err
	}
	text, err := findings.Pages.ReadFile(string(code) + ".md")
	if errors.Is(err, fs.ErrNotExist) {
		return Page{}, fmt.Errorf("finding %s: %w", code, errNoPage)
	}
	if err != nil {
		return Page{}, fmt.Errorf("reading the page of %s: %w", code, err)
	}
	p, err := parsePage(entry, string(text))
	if err != nil {
		return Page{}, fmt.Errorf("reading the page of %s: %w", code, err)
	}
	return p, nil
}

// head is how the page of e begins.
func (e Entry) head() string {
	return fmt.Sprintf("# %s: %s\n\nLevel: %s. All codes are in [findings](../findings.md).\n", e.Code, e.Title, e.Levels())
}

// parsePage reads text, which must hold the head of entry, the four sections, and nothing else.
func parsePage(entry Entry, text string) (Page, error) {
	p := Page{Code: entry.Code, Level: entry.Level, Title: entry.Title}
	sections, headed := strings.CutPrefix(text, entry.head())
	if !headed {
		return Page{}, fmt.Errorf("it does not begin with what the catalogue says: %q", entry.head())
	}
	found, err := split(sections)
	if err != nil {
		return Page{}, err
	}
	want := p.Sections()
	for i, s := range found {
		if i >= len(want) || s.Heading != want[i].Heading {
			return Page{}, fmt.Errorf("section %q is unknown, or in the wrong place", s.Heading)
		}
		if s.Text == "" {
			return Page{}, fmt.Errorf("section %q is empty", s.Heading)
		}
	}
	if len(found) < len(want) {
		return Page{}, fmt.Errorf("section %q is missing", want[len(found)].Heading)
	}
	p.What, p.Why, p.See, p.Fix = found[0].Text, found[1].Text, found[2].Text, found[3].Text
	return p, nil
}

// split takes a page apart at its headings; those inside fenced code are none.
func split(text string) ([]Section, error) {
	var out []Section
	fenced := false
	for line := range strings.Lines(text) {
		fenced = fenced != strings.HasPrefix(strings.TrimSpace(line), "```")
		heading, isHeading := strings.CutPrefix(line, "## ")
		switch {
		case isHeading && !fenced:
			out = append(out, Section{Heading: strings.TrimSpace(heading)})
		case len(out) > 0:
			out[len(out)-1].Text += line
		case strings.TrimSpace(line) != "":
			return nil, fmt.Errorf("%q stands before the first section", strings.TrimSpace(line))
		}
	}
	if fenced {
		return nil, errors.New("a fenced block has no end")
	}
	for i := range out {
		out[i].Text = strings.Trim(out[i].Text, "\n")
	}
	return out, nil
}
