package manifest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	nov1 "github.com/openshift/api/networkoperator/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	kjson "sigs.k8s.io/json"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// Input is one EgressRouter and where it was read.
type Input struct {
	Router *nov1.EgressRouter
	// Place is the file, and the document in it where there are several.
	Place string
}

// Load reads every EgressRouter of s. An error names each place that is wrong, and nothing is returned
// with it: input is used whole or not at all.
func Load(s Source) ([]Input, error) {
	contents, err := s.contents()
	if err != nil {
		return nil, err
	}
	return gather(contents, func(_ int, c content) ([]Input, error) { return decodeAll(c) })
}

// gather reads each of several, and gives all that is in them, or all that is wrong with them.
func gather[T any](several []T, read func(i int, one T) ([]Input, error)) ([]Input, error) {
	var inputs []Input
	var errs []error
	for i, one := range several {
		found, err := read(i, one)
		inputs, errs = append(inputs, found...), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return inputs, nil
}

// decodeAll decodes every document of c.
func decodeAll(c content) ([]Input, error) {
	documents, err := split(c.data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	if len(documents) == 0 {
		return nil, fmt.Errorf("%s is empty: it holds no EgressRouter", c.name)
	}
	return gather(documents, func(i int, document json.RawMessage) ([]Input, error) {
		place := c.name
		if len(documents) > 1 {
			place = fmt.Sprintf("%s, document %d", c.name, i+1)
		}
		return decode(document, place)
	})
}

// split cuts data into documents of JSON: those of a YAML stream, or JSON objects one after another.
// Empty documents and those of comments alone are left out.
func split(data []byte) ([]json.RawMessage, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return splitYAML(data)
	}
	documents, err := splitJSON(data)
	if err == nil {
		return documents, nil
	}
	// A YAML mapping in braces begins like JSON, and so does JSON in documents of YAML.
	if documents, yamlErr := splitYAML(data); yamlErr == nil {
		return documents, nil
	}
	return nil, err
}

func splitYAML(data []byte) ([]json.RawMessage, error) {
	var out []json.RawMessage
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for n := 1; ; n++ {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}
		converted, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return nil, fmt.Errorf("document %d is not valid YAML: %w", n, err)
		}
		if err := alone(document); err != nil {
			return nil, fmt.Errorf("document %d%w", n, err)
		}
		if string(converted) != "null" {
			out = append(out, converted)
		}
	}
}

// alone says what follows the first YAML document of text, or nil. The reader splits at lines of --- alone,
// and the parser stops silently where a document ends: at a line of ..., say, or at a last brace.
func alone(text []byte) error {
	decoder := kyaml.NewDecoder(bytes.NewReader(text))
	var node kyaml.Node
	if err := decoder.Decode(&node); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf(" is not valid YAML: %w", err)
	}
	if err := decoder.Decode(&node); !errors.Is(err, io.EOF) {
		return fmt.Errorf(": something follows its end: put a line of --- between documents")
	}
	return nil
}

func splitJSON(data []byte) ([]json.RawMessage, error) {
	var out []json.RawMessage
	decoder := json.NewDecoder(bytes.NewReader(data))
	for {
		var document json.RawMessage
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("not valid JSON after byte %d: %w", decoder.InputOffset(), err)
		}
		out = append(out, document)
	}
}

// decode reads one document: an EgressRouter, or a list of them.
func decode(document json.RawMessage, place string) ([]Input, error) {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(document, &head); err != nil {
		return nil, fmt.Errorf("%s: not a Kubernetes object: %w", place, readable(err))
	}
	if head.Kind == "List" && head.APIVersion == "v1" || head.Kind == egress.Kind.Kind+"List" {
		return decodeList(document, place)
	}
	if head.Kind != egress.Kind.Kind || head.APIVersion != egress.Kind.GroupVersion().String() {
		return nil, fmt.Errorf("%s is %s: only %s of %s can be read%s", place, what(head.APIVersion, head.Kind),
			egress.Kind.Kind, egress.Kind.GroupVersion(), kindHint(head.Kind))
	}
	router, err := decodeRouter(document)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	return []Input{{router, place}}, nil
}

// decodeList reads the items of a list: strictly, so that no second "items" hides the first.
func decodeList(document json.RawMessage, place string) ([]Input, error) {
	var list struct {
		metav1.TypeMeta `json:",inline"`
		Metadata        json.RawMessage   `json:"metadata"`
		Items           []json.RawMessage `json:"items"`
	}
	strict, err := kjson.UnmarshalStrict(document, &list)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place, readable(err))
	}
	if len(strict) > 0 {
		return nil, fmt.Errorf("%s: %w", place, errors.Join(strict...))
	}
	if len(list.Items) == 0 {
		return nil, fmt.Errorf("%s is a list without items: it holds no EgressRouter", place)
	}
	return gather(list.Items, func(i int, item json.RawMessage) ([]Input, error) {
		return decode(item, fmt.Sprintf("%s, item %d", place, i+1))
	})
}

func what(apiVersion, kind string) string {
	switch {
	case kind == "":
		return "no Kubernetes object (it has no kind)"
	case apiVersion == "":
		return "of kind " + kind + " without an apiVersion"
	default:
		return "a " + kind + " of " + apiVersion
	}
}

func kindHint(kind string) string {
	if kind == "Kustomization" {
		return "; for a kustomization use -k with its folder"
	}
	return ""
}
