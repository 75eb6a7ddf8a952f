package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// newFile makes the file that a flag names, for its owner's eyes alone: names and addresses of a cluster are
// nobody else's business. A file that is there is never written over; taken says why.
func newFile(flag, path, taken string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, fmt.Errorf("%s %s: %s", flag, path, taken)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return file, nil
}
