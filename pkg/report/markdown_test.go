package report

import (
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/platform"
)

// kinds counts what a reader of Markdown, as GitHub has it, sees in source.
func kinds(t *testing.T, source string) map[string]int {
	t.Helper()
	parser := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList)).Parser()
	out := map[string]int{}
	err := ast.Walk(parser.Parse(text.NewReader([]byte(source))), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			out[n.Kind().String()]++
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Whatever a cluster holds, the document has the form that it has for a harmless one: nothing becomes a cell,
// a link, code, or HTML.
func TestMarkdownIsText(t *testing.T) {
	plain := hostile()
	plain.Findings[0].Message, plain.Findings[0].Fix, plain.Findings[0].Why, plain.Findings[0].Object = "m", "f", "w\nw", "ns/o"
	plain.where, plain.notes = "where", []string{"note"}
	plain.Plan[0].Target, plain.Plan[0].Field, plain.Plan[0].Reason, plain.Plan[0].Command = "t", "f", "r", "c"
	plain.rows[0].Router, plain.rows[0].Node, plain.rows[0].Why = "r", "n", []string{"w"}
	want := kinds(t, write(t, plain, "markdown", false))
	if want[extast.KindTable.String()] != 2 || want[ast.KindFencedCodeBlock.String()] != 2 {
		t.Fatalf("the harmless report has %v, want 2 tables and 2 blocks of code", want)
	}

	worse := hostile()
	worse.Findings[0].Message = "[a](http://b) ![c](d) *e* __f__ ~~g~~ # h $i$ <!-- j --> &lt; - [ ] k" + "`" + evil
	worse.Findings[0].Object = "# ns/o #"
	worse.Plan[0].Reason, worse.where, worse.notes = "- one", "    code", []string{"1. one"}
	got := kinds(t, write(t, worse, "markdown", false))
	// Text is cut where a mark is escaped, and the lines of a value are kept apart by <br>: in why, which has
	// two of its own, and wherever evil has its line end.
	for _, kind := range []string{ast.KindText.String(), ast.KindRawHTML.String(), ast.KindString.String()} {
		delete(want, kind)
		delete(got, kind)
	}
	for kind, n := range got {
		if want[kind] != n {
			t.Errorf("the hostile report has %d of %s, the harmless one %d", n, kind, want[kind])
		}
	}
	for kind, n := range want {
		if got[kind] == 0 {
			t.Errorf("the hostile report has no %s, the harmless one %d", kind, n)
		}
	}
}

// The only HTML is the line break that keeps the lines of a cell apart.
func TestMarkdownHasNoHTML(t *testing.T) {
	r := New([]finding.Finding{{Code: finding.NoPrefix, Level: finding.Error, Object: "a/b", Message: "<script>x</script> &amp;\n<b>"}}, nil, nil)
	got := write(t, r, "markdown", false)
	want := "| error | EGR101 | &lt;script&gt;x&lt;/script&gt; &amp;amp;<br>&lt;b&gt; |  |  |\n"
	if !strings.Contains(got, want) {
		t.Errorf("got %s\nwant in it %s", got, want)
	}
}

// What a person should know of a plan is told even where there is nothing to change.
func TestMarkdownTellsNotes(t *testing.T) {
	got := write(t, New(nil, &platform.Plan{Platform: "openstack", Notes: []string{"trunk ports"}}, nil), "markdown", false)
	want := "# Egress routers\n\n**no findings** on openstack\n\n## Plan\n\nNothing is to be changed.\n\nNote: trunk ports\n"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
