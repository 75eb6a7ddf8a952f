// Package manifest reads EgressRouters from files, folders, standard input and kustomizations, strictly:
// what it does not understand it refuses, and says where.
package manifest

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Source says where to read from, as kubectl's -f, -R and -k do.
type Source struct {
	// Files are files, folders, glob patterns, or "-" for Stdin.
	Files []string
	// Recursive reads the folders in folders too.
	Recursive bool
	// Kustomize is a folder with a kustomization, or "".
	Kustomize string
	Stdin     io.Reader
}

// content is the text of one file and what to call it.
type content struct {
	name string
	data []byte
}

// contents reads all that s names.
func (s Source) contents() ([]content, error) {
	if s.Kustomize != "" {
		if len(s.Files) > 0 {
			return nil, fmt.Errorf("-f and -k cannot be used together")
		}
		return kustomize(s.Kustomize)
	}
	var all []content
	for _, name := range s.Files {
		c, err := s.read(name)
		if err != nil {
			return nil, err
		}
		all = append(all, c...)
	}
	return all, nil
}

// read reads one value of -f.
func (s Source) read(name string) ([]content, error) {
	if name == "-" {
		if s.Stdin == nil {
			return nil, fmt.Errorf("-f -: there is no standard input")
		}
		data, err := io.ReadAll(s.Stdin)
		if err != nil {
			return nil, fmt.Errorf("reading standard input: %w", err)
		}
		return []content{{"standard input", data}}, nil
	}
	if strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://") {
		return nil, fmt.Errorf("-f %s: addresses of the web are not read: download the file first", name)
	}
	paths, err := s.expand(name)
	if err != nil {
		return nil, err
	}
	var all []content
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("-f %s: %w", name, err)
		}
		all = append(all, content{path, data})
	}
	return all, nil
}

// expand gives the files that one value of -f stands for: itself, those of a folder, or a pattern's.
func (s Source) expand(name string) ([]string, error) {
	info, err := os.Stat(name)
	if err != nil {
		matches, globErr := filepath.Glob(name)
		if globErr != nil || len(matches) == 0 {
			return nil, fmt.Errorf("-f %s: there is no such file or folder", name)
		}
		slices.Sort(matches)
		return matches, nil
	}
	if !info.IsDir() {
		return []string{name}, nil
	}
	var files []string
	err = filepath.WalkDir(name, func(path string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != name && !s.Recursive:
			return filepath.SkipDir
		case !entry.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)):
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("-f %s: %w", name, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("-f %s: the folder has no .yaml, .yml or .json file%s", name, recursionHint(s.Recursive))
	}
	return files, nil
}

func recursionHint(recursive bool) string {
	if recursive {
		return ""
	}
	return ": -R looks into the folders in it too"
}

// kustomize builds the kustomization in dir.
func kustomize(dir string) ([]content, error) {
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return nil, fmt.Errorf("-k %s: %w", dir, err)
	}
	data, err := resources.AsYaml()
	if err != nil {
		return nil, fmt.Errorf("-k %s: %w", dir, err)
	}
	return []content{{dir, data}}, nil
}
