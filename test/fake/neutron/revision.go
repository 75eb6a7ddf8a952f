package neutron

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// revisionWanted is the revision that If-Match asks for; nil where it asks for none. Only an entity tag that begins
// with revision_number= does: a bare number, * and weak tags are silently passed over.
func (s *Server) revisionWanted(c *call) (*int, error) {
	var wanted *int
	for _, tag := range entityTags(c.Header.Get("If-Match")) {
		number, found := strings.CutPrefix(tag, "revision_number=")
		if !found {
			continue
		}
		if s.options.NoRevisionGuard {
			return nil, ifMatchError("This server does not support constraining operations based on revision numbers")
		}
		revision, err := strconv.Atoi(strings.TrimSpace(number))
		if err != nil {
			return nil, ifMatchError("Revision number etag must be in the format of revision_number=<int>")
		}
		wanted = &revision
	}
	return wanted, nil
}

// entityTags are the strong ones of a header: quoted, or the whole of it where nothing is.
func entityTags(header string) []string {
	if !strings.Contains(header, `"`) {
		return []string{header}
	}
	var out []string
	for _, match := range quoted.FindAllStringSubmatch(header, -1) {
		if match[1] == "" {
			out = append(out, match[2])
		}
	}
	return out
}

var quoted = regexp.MustCompile(`(W/)?"([^"]*)"`)

func ifMatchError(message string) error {
	return &neutronError{http.StatusBadRequest, "BadRequest", "Bad if-match request: " + message + "."}
}

func checkRevision(wanted *int, stands int) error {
	if wanted == nil || *wanted == stands {
		return nil
	}
	return &neutronError{http.StatusPreconditionFailed, "RevisionNumberConstraintFailed",
		fmt.Sprintf("Constrained to %d, but current revision is %d", *wanted, stands)}
}

// steps are what a write adds to a revision: before the guard is checked and the answer written, and after.
type steps struct{ now, later int }

// revisionSteps tells how a write of b moves the revision of p. One that changes nothing in the port's tables (the very
// list of pairs that stands, or nothing at all) is counted only once the answer is made: the answer is one too low, and
// the guard is not asked. Pairs are compared as they were sent: another order, or a MAC left out, is a change. So is a
// name that stays the same. A description has a row, and so a count, of its own.
func revisionSteps(b *portBody, p *Port) steps {
	var out steps
	touches := b.name != nil || b.deviceID != nil || b.deviceOwner != nil || b.mac != nil || b.adminUp != nil || b.security != nil ||
		b.pairs != nil && !slices.Equal(*b.pairs, p.Pairs) ||
		b.groups != nil && !sameSet(*b.groups, p.SecurityGroups) ||
		b.fixedIPs != nil && !sameSet(*b.fixedIPs, p.FixedIPs)
	if touches {
		out.now++
	} else {
		out.later++
	}
	if b.description != nil {
		out.now++
	}
	return out
}

func sameSet[T comparable](a, b []T) bool {
	count := map[T]int{}
	for _, v := range a {
		count[v]++
	}
	for _, v := range b {
		count[v]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}
