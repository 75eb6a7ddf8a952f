package cluster_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/cluster/apply"
)

const pairs = `[{"port":"1f0c","ip":"192.168.15.99","mac":"0a:58:c0:a8:0f:63"}]`

func (s *server) records(t *testing.T, namespace string) *apply.Records {
	t.Helper()
	r := apply.NewRecords(s.client, namespace)
	if err := r.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// testRecord: what is recorded is read back, and goes when it is taken back; with one write for each ConfigMap, and none
// where it stands already.
func (s *server) testRecord(t *testing.T) {
	const namespace = "records"
	want := map[string]string{"shop/partner-a": pairs, "shop/partner-b": pairs, "billing/partner-a": pairs}
	shards := map[string]bool{}
	for router := range want {
		shards[apply.RecordName(router)] = true
	}
	// Where nothing is made, that is said; a user who makes it is told what.
	if failed := s.records(t, namespace).Save(t.Context(), want); len(failed) != 3 || !strings.Contains(failed["shop/partner-a"].Error(), "is not there: apply deploy/sync") {
		t.Errorf("got %v", failed)
	}
	said := ""
	r := s.records(t, namespace).Making(func(what string) { said = what })
	s.mustSave(t, r, want, 2+8+len(shards)) // the first ConfigMap finds no namespace
	if !strings.HasPrefix(said, "made for the records, in namespace records: namespace records, ConfigMap pairs-0, ") {
		t.Errorf("it said %q", said)
	}
	s.mustSave(t, r, want, 0)
	if again := s.records(t, namespace); !maps.Equal(again.All(), want) {
		t.Errorf("recorded are %v", again.All())
	}
	s.recordsOfTwo(t, namespace)
	s.mustSave(t, s.records(t, namespace), map[string]string{"shop/partner-a": "", "nobody/knows": ""}, 1)
	if record, known := s.records(t, namespace).Load("shop/partner-a"); record != "" || !known {
		t.Errorf("the record is %q", record)
	}
	if _, known := r.Load("192.168.15.99"); known {
		t.Error("something is recorded of what is no router")
	}
}

// recordsOfTwo: of two who write at once each keeps what the other has recorded of other routers, and neither undoes what
// the other has recorded of the same.
func (s *server) recordsOfTwo(t *testing.T, namespace string) {
	t.Helper()
	shard, others := apply.RecordName("shop/partner-a"), []string{}
	for i := 0; len(others) < 2; i++ {
		if router := fmt.Sprintf("shop/other-%d", i); apply.RecordName(router) == shard {
			others = append(others, router)
		}
	}
	one, two := s.records(t, namespace), s.records(t, namespace)
	s.mustSave(t, one, map[string]string{others[0]: "one", "shop/partner-a": "one"}, 1)
	failed := two.Save(t.Context(), map[string]string{others[1]: "two", "shop/partner-a": "two"})
	if len(failed) != 1 || !strings.Contains(failed["shop/partner-a"].Error(), "another has recorded something for shop/partner-a in the meantime") {
		t.Errorf("got %v", failed)
	}
	all := s.records(t, namespace).All()
	if all[others[0]] != "one" || all[others[1]] != "two" || all["shop/partner-a"] != "one" {
		t.Errorf("recorded are %v", all)
	}
	// A write whose answer never came is found to be done.
	s.mustSave(t, one, map[string]string{others[1]: "two", others[0]: ""}, 2)
}

// mustSave records with so many writes.
func (s *server) mustSave(t *testing.T, r *apply.Records, records map[string]string, writes int) {
	t.Helper()
	s.proxy.Reset()
	if failed := r.Save(t.Context(), records); len(failed) > 0 {
		t.Fatal(failed)
	}
	if got := s.writes(); got != writes {
		t.Errorf("%d writes, want %d: %v", got, writes, s.proxy.Requests())
	}
}

func (s *server) writes() int {
	n := 0
	for _, r := range s.proxy.Requests() {
		if r.Write() {
			n++
		}
	}
	return n
}
