package report

import (
	"encoding/xml"
	"os"
	"strings"
	"testing"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
)

func schemaText(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/junit.xsd")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestJUnitIsValid(t *testing.T) {
	for name, r := range map[string]Report{"sample": sample(), "empty": New(nil, nil, nil), "hostile": hostile()} {
		if err := validate(schemaText(t), []byte(write(t, r, "junit", false))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The validator sees what it is there to see.
func TestJUnitSchema(t *testing.T) {
	const suite = `<testsuite name="a" tests="0" failures="0" errors="0" time="0">`
	for document, want := range map[string]string{
		`<testsuites/>`: "",
		`<testsuites>` + suite + `</testsuite></testsuites>`: "",
		`<tests/>`:                                           "element tests is unknown",
		`<testsuites xmlns="urn:x"/>`:                        "element testsuites is unknown",
		`<testsuites/><testsuites/>`:                         "stands behind the root",
		`<testsuites>text</testsuites>`:                      `testsuites holds the text "text"`,
		`<testsuites colour="red"/>`:                         "testsuites has an unknown attribute colour",
		`<testsuites tests="-1"/>`:                           `tests of testsuites is "-1", which is no xs:nonNegativeInteger`,
		`<testsuites><testsuite/></testsuites>`:              "testsuite lacks the attribute name",
		`<testsuites><testcase/></testsuites>`:               "testsuites holds testcase, which is unknown there",
		suite + `<properties/></testsuite>`:                  "properties lacks property",
		suite + `<system-out/><system-out/></testsuite>`:     "testsuite holds system-out, which is unknown there, one too many",
		suite + `<system-err/><system-out/></testsuite>`:     "testsuite holds system-out, which is unknown there, one too many, or out of order",
		suite + `<system-out>text</system-out></testsuite>`:  "",
		suite + `<testcase name="x"></testcase></testsuite>`: "testcase lacks the attribute classname",
	} {
		err := validate(schemaText(t), []byte(document))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", document, err, want)
		}
	}
}

// What fails the command fails as a test, and the counts are right.
func TestJUnitFailures(t *testing.T) {
	for failOn, want := range map[string][]string{"error": {"EGR101"}, "warning": {"EGR101", "EGR111"}, "never": nil} {
		findings := append(sample().Findings, finding.Finding{Code: finding.NoPrefix, Level: finding.Warning, Object: "billing/partner-a"})
		if failOn == "warning" {
			want = append([]string{"EGR101"}, want...) // the one that comes last belongs to the first object
		}
		var got junit.Testsuites
		if err := xml.Unmarshal([]byte(write(t, New(findings, nil, nil, FailOn(failOn)), "junit", false)), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Suites) != 2 || got.Tests != 4 || got.Suites[0].Tests != 3 || len(got.Suites[0].Testcases) != 3 || got.Suites[1].Tests != 1 {
			t.Errorf("--fail-on=%s: %d suites with %d tests, of which the first has %d", failOn, len(got.Suites), got.Tests, got.Suites[0].Tests)
		}
		var failed []string
		for _, suite := range got.Suites {
			failures := 0
			for _, c := range suite.Testcases {
				if c.Failure != nil {
					failures++
					failed = append(failed, c.Failure.Type)
				} else if c.SystemOut == nil {
					t.Errorf("--fail-on=%s: %s says nothing", failOn, c.Name)
				}
			}
			if failures != suite.Failures {
				t.Errorf("--fail-on=%s: %s counts %d failures and has %d", failOn, suite.Name, suite.Failures, failures)
			}
		}
		if strings.Join(failed, " ") != strings.Join(want, " ") || got.Failures != len(want) {
			t.Errorf("--fail-on=%s: %q fail, %d by count, want %q", failOn, failed, got.Failures, want)
		}
	}
}
