package platform

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// line is one line of a saved plan: the head, or a change.
type line struct {
	// Platform is in the head alone.
	Platform string  `json:"platform,omitempty"`
	Change   *Change `json:"change,omitempty"`
}

// Save begins a file of what was changed: a line for the platform and one for each change that is planned.
// It is written before anything is changed, so that what an interrupted run did can be taken back too.
func Save(w io.Writer, plan *Plan) error {
	encoder := json.NewEncoder(w)
	if err := encoder.Encode(line{Platform: plan.Platform}); err != nil {
		return err
	}
	for i := range plan.Changes {
		if err := encoder.Encode(line{Change: &plan.Changes[i]}); err != nil {
			return err
		}
	}
	return nil
}

// SaveDone adds a change as it was really carried out. Load takes it in place of the planned one.
func SaveDone(w io.Writer, c Change) error { return json.NewEncoder(w).Encode(line{Change: &c}) }

// maxLine bounds a saved change, in bytes.
const maxLine = 16 << 20

// Load reads a saved file: the platform, and each change once, in the order planned. A last line that was
// cut off is passed over: what it would have said was planned before.
func Load(r io.Reader) (platform string, changes []Change, err error) {
	type target struct{ id, field string }
	at := map[target]int{}
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxLine)
	var broken error
	for n := 1; scanner.Scan(); n++ {
		if broken != nil {
			return "", nil, broken
		}
		var l line
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil {
			broken = fmt.Errorf("line %d is not what --save wrote: %w", n, err)
			continue
		}
		switch {
		case n == 1 && l.Platform == "":
			return "", nil, errors.New("its first line names no platform: it is not what --save wrote")
		case n == 1:
			platform = l.Platform
		case l.Change == nil || l.Change.ID == "":
			return "", nil, fmt.Errorf("line %d holds no change: it is not what --save wrote", n)
		default:
			key := target{l.Change.ID, l.Change.Field}
			if i, ok := at[key]; ok {
				changes[i] = *l.Change
				continue
			}
			at[key] = len(changes)
			changes = append(changes, *l.Change)
		}
	}
	if err := scanner.Err(); err != nil {
		return "", nil, err
	}
	if platform == "" && broken != nil {
		return "", nil, broken
	}
	if platform == "" {
		return "", nil, errors.New("it is empty")
	}
	return platform, changes, nil
}
