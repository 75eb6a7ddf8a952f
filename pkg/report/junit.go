package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

// suiteName names the whole, and the test that passes where nothing was found.
const suiteName = "kubectl-egress"

// junit writes one suite per object and one test per finding. Those that fail the command are failures; the others
// pass, with their texts as output. XML 1.0 cannot hold control characters, and a finding has none.
func (r Report) junit(w io.Writer) error {
	all := junit.Testsuites{Name: suiteName}
	for i, group := range byObject(r.Findings) {
		suite := junit.Testsuite{Name: group[0].Object, ID: i, Time: "0.000"}
		for _, f := range group {
			suite.AddTestcase(r.testcase(f))
		}
		all.AddSuite(suite)
	}
	if len(r.Findings) == 0 {
		suite := junit.Testsuite{Name: suiteName, Time: "0.000"}
		suite.AddTestcase(junit.Testcase{Name: "no findings", Classname: suiteName, Time: "0.000"})
		all.AddSuite(suite)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	return all.WriteXML(w)
}

func (r Report) testcase(f finding.Finding) junit.Testcase {
	c := junit.Testcase{Name: fmt.Sprintf("%s: %s", f.Code, f.Message), Classname: f.Object, Time: "0.000"}
	var text strings.Builder
	block(&text, "why: ", f.Why)
	remedy(&text, "", f)
	if r.fails(f.Level) {
		c.Failure = &junit.Result{Message: f.Message, Type: string(f.Code), Data: text.String()}
	} else {
		c.SystemOut = &junit.Output{Data: fmt.Sprintf("%s: %s\n%s", f.Level, f.Message, text.String())}
	}
	return c
}

// fails reports whether findings of level fail the command.
func (r Report) fails(level finding.Level) bool {
	return level == finding.Error && r.failOn != "never" || level == finding.Warning && r.failOn == string(finding.Warning)
}
