//go:build linux

package kubernetes

import (
	"archive/tar"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/render"
)

// ToolsImage is an image with a shell, ip, nft, and podtool.
const ToolsImage = "test.kubectl-egress.io/tools:1"

// applets are the names that busybox goes by in the image.
func applets() []string {
	return []string{"sh", "ip", "sleep", "cat", "ls", "awk", "grep", "sed", "cut", "true"}
}

// imageManifest is an entry of manifest.json in an archive as docker save writes it.
type imageManifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// writeImages writes an archive with ToolsImage and the images of router pods, which differ in their user: all
// stay up, and have the same layer.
func writeImages(file, podtool, busybox, nft string) error {
	layer, err := writeLayer(podtool, busybox, nft)
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	out := tar.NewWriter(&archive)
	var manifests []imageManifest
	for tag, user := range map[string]string{ToolsImage: "", render.DefaultRouteImage: "", render.DefaultImage: "65535:65535"} {
		config, err := json.Marshal(imageConfig(layer, user))
		if err != nil {
			return fmt.Errorf("rendering an image's configuration: %w", err)
		}
		name := fmt.Sprintf("%x.json", sha256.Sum256(config))
		if err := addFile(out, name, config, 0o644); err != nil {
			return err
		}
		manifests = append(manifests, imageManifest{Config: name, RepoTags: []string{tag}, Layers: []string{"layer.tar"}})
	}
	manifest, err := json.Marshal(manifests)
	if err != nil {
		return fmt.Errorf("rendering the images' manifest: %w", err)
	}
	for name, content := range map[string][]byte{"layer.tar": layer, "manifest.json": manifest} {
		if err := addFile(out, name, content, 0o644); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("writing the images: %w", err)
	}
	if err := os.WriteFile(file, archive.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing the images: %w", err)
	}
	return nil
}

// imageConfig is what runs in a container of the image, and as whom.
func imageConfig(layer []byte, user string) map[string]any {
	return map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"config":       map[string]any{"Cmd": []string{"/bin/podtool", "pause"}, "Env": []string{"PATH=/bin"}, "User": user},
		"rootfs":       map[string]any{"type": "layers", "diff_ids": []string{fmt.Sprintf("sha256:%x", sha256.Sum256(layer))}},
	}
}

// writeLayer is the images' file system.
func writeLayer(podtool, busybox, nft string) ([]byte, error) {
	var layer bytes.Buffer
	out := tar.NewWriter(&layer)
	for _, dir := range []string{"bin", "dev", "etc", "lib", "lib64", "proc", "sys", "tmp"} {
		if err := out.WriteHeader(&tar.Header{Name: dir, Typeflag: tar.TypeDir, Mode: 0o755}); err != nil {
			return nil, fmt.Errorf("writing the images' layer: %w", err)
		}
	}
	files, err := libraries(nft)
	if err != nil {
		return nil, err
	}
	for _, program := range []string{podtool, busybox, nft} {
		files[filepath.Join("bin", filepath.Base(program))] = program
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content, err := os.ReadFile(files[name])
		if err != nil {
			return nil, fmt.Errorf("putting a file into the images: %w", err)
		}
		if err := addFile(out, name, content, 0o755); err != nil {
			return nil, err
		}
	}
	for _, name := range applets() {
		link := &tar.Header{Name: filepath.Join("bin", name), Typeflag: tar.TypeSymlink, Linkname: filepath.Base(busybox)}
		if err := out.WriteHeader(link); err != nil {
			return nil, fmt.Errorf("writing the images' layer: %w", err)
		}
	}
	if err := out.Close(); err != nil {
		return nil, fmt.Errorf("writing the images' layer: %w", err)
	}
	return layer.Bytes(), nil
}

// libraries are what a program of the assets needs to run, by where in an image: the loader at its own path, which the
// program names, the rest where the loader looks.
func libraries(program string) (map[string]string, error) {
	ldd := exec.Command("ldd", program)
	ldd.Env = []string{"PATH=" + os.Getenv("PATH"), "LD_LIBRARY_PATH=" + filepath.Join(assets, "lib")}
	text, err := ldd.Output()
	if err != nil {
		return nil, fmt.Errorf("looking for the libraries of %s: %w", program, err)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, file, linked := strings.Cut(strings.TrimSpace(line), " => ")
		file, _, _ = strings.Cut(cmp.Or(file, name), " (")
		switch {
		case linked:
			files[filepath.Join("lib", name)] = file
		case filepath.IsAbs(file):
			files[strings.TrimPrefix(file, "/")] = file
		}
	}
	return files, nil
}

func addFile(out *tar.Writer, name string, content []byte, mode int64) error {
	if err := out.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: mode}); err != nil {
		return fmt.Errorf("adding %s: %w", name, err)
	}
	if _, err := out.Write(content); err != nil {
		return fmt.Errorf("adding %s: %w", name, err)
	}
	return nil
}
