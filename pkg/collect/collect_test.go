package collect_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
)

func TestCollect(t *testing.T) {
	words := []string{"pear", "apple", "plum", "pear"}
	first := func(s string) byte { return s[0] }
	letters := func(s string) []string { return strings.Split(s, "") }
	for name, test := range map[string]struct{ got, want any }{
		"map":           {collect.Map(words, strings.ToUpper), []string{"PEAR", "APPLE", "PLUM", "PEAR"}},
		"map nothing":   {collect.Map(nil, strings.ToUpper), []string{}},
		"flat":          {collect.Flat([]string{"ab", "", "c"}, letters), []string{"a", "b", "c"}},
		"filter":        {collect.Filter(words, func(s string) bool { return len(s) == 4 }), []string{"pear", "plum", "pear"}},
		"groups":        {collect.Groups(words, first), [][]string{{"pear", "plum", "pear"}, {"apple"}}},
		"groups of nil": {collect.Groups(nil, first), [][]string(nil)},
		"by":            {collect.By(words, first), map[byte][]string{'p': {"pear", "plum", "pear"}, 'a': {"apple"}}},
		"unique":        {collect.Unique(words), []string{"apple", "pear", "plum"}},
	} {
		if !reflect.DeepEqual(test.got, test.want) {
			t.Errorf("%s: got %#v, want %#v", name, test.got, test.want)
		}
	}
	if !slices.Equal(words, []string{"pear", "apple", "plum", "pear"}) {
		t.Errorf("the items were changed: %v", words)
	}
}
