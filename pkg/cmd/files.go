package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	nov1 "github.com/openshift/api/networkoperator/v1"
	"github.com/spf13/cobra"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/manifest"
)

// sourceFlags are kubectl's -f, -R and -k.
type sourceFlags struct {
	files     []string
	recursive bool
	kustomize string
}

func (s *sourceFlags) add(cmd *cobra.Command, help string) {
	cmd.Flags().StringSliceVarP(&s.files, "filename", "f", nil, "A `FILE`, a folder, or - for standard input, "+help)
	cmd.Flags().BoolVarP(&s.recursive, "recursive", "R", false, "Read the folders in the folders of -f too")
	cmd.Flags().StringVarP(&s.kustomize, "kustomize", "k", "", "A `FOLDER` with a kustomization, instead of -f")
}

func (s *sourceFlags) empty() bool { return len(s.files) == 0 && s.kustomize == "" }

// load reads the routers. As kubectl has it, one that names no namespace gets the current one, and one
// that names another than -n is refused.
func (s *sourceFlags) load(f *factory, namespace string, explicit bool) ([]*nov1.EgressRouter, error) {
	inputs, err := manifest.Load(manifest.Source{Files: s.files, Recursive: s.recursive, Kustomize: s.kustomize, Stdin: f.In})
	if err != nil {
		return nil, err
	}
	var routers []*nov1.EgressRouter
	places := map[string]string{}
	for _, input := range inputs {
		r := input.Router
		r.Namespace = cmp.Or(r.Namespace, namespace)
		if explicit && r.Namespace != namespace {
			return nil, fmt.Errorf("%s: router %s is in namespace %s, and -n says %s: leave one of them out", input.Place, r.Name, r.Namespace, namespace)
		}
		if before := places[egress.Key(r)]; before != "" {
			return nil, fmt.Errorf("%s: router %s is also in %s: keep one of them", input.Place, egress.Key(r), before)
		}
		places[egress.Key(r)] = input.Place
		routers = append(routers, r)
	}
	return routers, nil
}

// readFile reads the file that a flag names, - being standard input.
func (f *factory) readFile(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(f.In)
	}
	return os.ReadFile(path)
}

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
