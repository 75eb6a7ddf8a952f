package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// codeFile is testdata/codes/EGRnnn.yaml: inputs in which the code is found, and the nearest ones in which it
// is not.
type codeFile struct {
	Found   []codeCase `json:"found"`
	Healthy []codeCase `json:"healthy"`
}

// codeCase is a healthy cluster, changed.
type codeCase struct {
	Name string `json:"name"`
	// Base is operator or standalone: the file in testdata that the patch is for.
	Base string `json:"base"`
	// Patch is a JSON Patch (RFC 6902).
	Patch   json.RawMessage `json:"patch"`
	Options struct {
		Provisioner egress.Provisioner `json:"provisioner"`
		MaxMACs     int                `json:"maxMACs"`
		Command     string             `json:"command"`
		Now         time.Time          `json:"now"`
	} `json:"options"`
	// Want are the findings of the code: message and commands whole, why and fix by a part of them.
	Want []finding.Finding `json:"want"`
	// Also are the codes of all other findings.
	Also []finding.Code `json:"also"`
}

// base reads a healthy cluster, as JSON.
func base(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	data, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		t.Fatalf("testdata/%s.yaml: %v", name, err)
	}
	return data
}

func decode(t testing.TB, data []byte) *snapshot.Snapshot {
	t.Helper()
	var s snapshot.Snapshot
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		t.Fatal(err)
	}
	s.Sort()
	return &s
}

// patched is the case's cluster, as JSON.
func (c codeCase) patched(t *testing.T) []byte {
	t.Helper()
	data := base(t, c.Base)
	if c.Patch != nil {
		patch, err := jsonpatch.DecodePatch(c.Patch)
		if err != nil {
			t.Fatal(err)
		}
		if data, err = patch.Apply(data); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

func (c codeCase) options() Options {
	return Options{Provisioner: c.Options.Provisioner, MaxMACs: c.Options.MaxMACs, Caller: finding.Caller{Command: c.Options.Command}, Now: c.Options.Now}
}

// check holds the findings of the case against what it wants of code, and of no other.
func (c codeCase) check(t *testing.T, code finding.Code) {
	t.Helper()
	var got []finding.Finding
	var also []finding.Code
	for _, f := range Judge(decode(t, c.patched(t)), c.options()).Findings {
		checkCodes(t, []finding.Finding{f}, []finding.Code{f.Code})
		switch f.Code {
		case code:
			got = append(got, f)
		case finding.OpenInbound:
			// It holds of all routers that drop nothing, and has a file of its own.
		default:
			also = append(also, f.Code)
		}
	}
	if !slices.Equal(also, c.Also) {
		t.Errorf("other codes are %v, want %v", also, c.Also)
	}
	same := func(got, want finding.Finding) bool {
		return got.Level == want.Level && got.Object == want.Object && got.Message == want.Message &&
			strings.Contains(got.Why, want.Why) && strings.Contains(got.Fix, want.Fix) && slices.Equal(got.Commands, want.Commands)
	}
	if !slices.EqualFunc(got, c.Want, same) {
		t.Errorf("%s", compared(got, c.Want))
	}
	c.checkWant(t, code)
}

// checkWant holds what the case wants against the catalogue, and has it say something of all texts.
func (c codeCase) checkWant(t *testing.T, code finding.Code) {
	t.Helper()
	entry, err := finding.Lookup(code)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range c.Want {
		if want.Level != entry.Level && !slices.Contains(entry.Also, want.Level) {
			t.Errorf("the catalogue gives %s no level %s", code, want.Level)
		}
		if want.Why == "" || want.Fix == "" {
			t.Errorf("the case holds nothing against why or fix: %+v", want)
		}
	}
}

func compared(got, want []finding.Finding) string {
	text := func(fs []finding.Finding) string {
		data, err := yaml.Marshal(fs)
		if err != nil {
			return err.Error()
		}
		return string(data)
	}
	return "got\n" + text(got) + "want\n" + text(want)
}

// hasOwnTest are the codes whose checks are elsewhere.
func hasOwnTest(code finding.Code) bool { return code == finding.NodeReadiness }

// TestCodes runs what testdata/codes says of each code of the spec and of the cluster, and fails on one of
// which it says nothing.
func TestCodes(t *testing.T) {
	for _, entry := range finding.Catalogue() {
		if !strings.HasPrefix(string(entry.Code), "EGR1") && !strings.HasPrefix(string(entry.Code), "EGR2") {
			continue
		}
		t.Run(string(entry.Code), func(t *testing.T) {
			if _, err := finding.PageOf(entry.Code); err != nil {
				t.Error(err)
			}
			if hasOwnTest(entry.Code) {
				return
			}
			file := readCode(t, entry.Code)
			if len(file.Found) == 0 || len(file.Healthy) == 0 {
				t.Errorf("%d inputs in which it is found, %d in which it is not: there must be one each", len(file.Found), len(file.Healthy))
			}
			for _, c := range file.Found {
				t.Run(c.Name, func(t *testing.T) {
					if len(c.Want) == 0 {
						t.Error("nothing is wanted")
					}
					c.check(t, entry.Code)
				})
			}
			for _, c := range file.Healthy {
				t.Run("healthy "+c.Name, func(t *testing.T) {
					if len(c.Want) > 0 {
						t.Error("something is wanted of a healthy input")
					}
					c.check(t, entry.Code)
				})
			}
		})
	}
}

func readCode(t *testing.T, code finding.Code) codeFile {
	t.Helper()
	text, err := os.ReadFile("testdata/codes/" + string(code) + ".yaml")
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("there is no input for %s: write testdata/codes/%s.yaml", code, code)
	}
	if err != nil {
		t.Fatal(err)
	}
	var file codeFile
	if err := yaml.UnmarshalStrict(text, &file); err != nil {
		t.Fatal(err)
	}
	return file
}
