package apply

import (
	"fmt"
	"strings"
	"testing"
)

// TestRecordsOfTenThousandRouters: with the longest names, all on their way to another node, each ConfigMap has half of what
// it may have to spare.
func TestRecordsOfTenThousandRouters(t *testing.T) {
	const limit = 1 << 20
	pair := `{"port":"11111111-2222-3333-4444-555555555555","ip":"192.168.112.199","mac":"0a:58:c0:a8:0f:63"}`
	record := "[" + pair + "," + pair + "]"
	sizes := map[string]int{}
	for i := range 10_000 {
		router := fmt.Sprintf("%s%05d/%s%05d", strings.Repeat("n", 58), i%100, strings.Repeat("r", 58), i)
		sizes[RecordName(router)] += len(recordKey(router)) + len(record)
	}
	if len(sizes) != shards {
		t.Errorf("%d ConfigMaps are in use, want %d", len(sizes), shards)
	}
	for name, size := range sizes {
		if size > limit/2 {
			t.Errorf("%s has %d bytes", name, size)
		}
	}
}
