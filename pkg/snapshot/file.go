package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-egress/kubectl-egress/pkg/collect"
)

// apiVersion and kind name the file's format; a change that older readers would misunderstand gets a new one.
const (
	apiVersion = "kubectl-egress.io/v1alpha1"
	kind       = "Snapshot"
)

// file is a Snapshot as it is saved.
type file struct {
	metav1.TypeMeta `json:",inline"`
	*Snapshot       `json:",inline"`
}

// Write saves s to w as JSON.
func (s *Snapshot) Write(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	return encoder.Encode(file{metav1.TypeMeta{APIVersion: apiVersion, Kind: kind}, s})
}

// Load reads what Write saved. What is unknown in it is an error: it would be passed over else.
func Load(data []byte) (*Snapshot, error) {
	var meta metav1.TypeMeta
	if err := json.Unmarshal(data, &meta); err != nil {
		return nil, fmt.Errorf("it is no JSON: %w", err)
	}
	if meta.APIVersion != apiVersion || meta.Kind != kind {
		return nil, fmt.Errorf("it is %q of %q, not %s of %s: write it with bundle, of the same version as this command",
			meta.Kind, meta.APIVersion, kind, apiVersion)
	}
	loaded := file{Snapshot: &Snapshot{}}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&loaded); err != nil {
		return nil, fmt.Errorf("reading it as a %s of %s: %w", kind, apiVersion, err)
	}
	if err := loaded.checkNames(); err != nil {
		return nil, err
	}
	loaded.Sort()
	return loaded.Snapshot, nil
}

// checkNames refuses names that no API server would have taken: findings put them into commands that people
// paste, and the file may come from anyone.
func (s *Snapshot) checkNames() error {
	for _, name := range slices.Concat(
		collect.Flat(s.Routers, func(r Router) []string { return []string{r.Namespace, r.Name} }),
		collect.Flat(s.NADs, func(n NAD) []string { return []string{n.Namespace, n.Name, n.Router} }),
		collect.Flat(s.Deployments, func(d Deployment) []string { return []string{d.Namespace, d.Name, d.Router} }),
		collect.Flat(s.Pods, func(p Pod) []string { return []string{p.Namespace, p.Name, p.Node} }),
		collect.Flat(s.Services, func(v Service) []string { return []string{v.Namespace, v.Name} }),
		collect.Map(s.Nodes, func(n Node) string { return n.Name }),
	) {
		if name != "" && len(validation.IsDNS1123Subdomain(name)) > 0 {
			return fmt.Errorf("invalid name %q: a cluster's object cannot have it", name)
		}
	}
	return nil
}
