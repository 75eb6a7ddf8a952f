package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// schema is the part of XML Schema that testdata/junit.xsd uses: named elements that hold a sequence of
// others, attributes of simple types, and text where they are mixed. No XSD library in pure Go can be had.
type schema struct {
	Elements []schemaElement `xml:"element"`
}

type schemaElement struct {
	Name string `xml:"name,attr"`
	Type struct {
		Mixed      bool              `xml:"mixed,attr"`
		Sequence   []schemaParticle  `xml:"sequence>element"`
		Attributes []schemaAttribute `xml:"attribute"`
	} `xml:"complexType"`
}

type schemaParticle struct {
	Ref string `xml:"ref,attr"`
	Min string `xml:"minOccurs,attr"` // "" is 1
	Max string `xml:"maxOccurs,attr"` // "" is 1, else unbounded
}

type schemaAttribute struct {
	Name string `xml:"name,attr"`
	Type string `xml:"type,attr"`
	Use  string `xml:"use,attr"`
}

// element is a part of a document as it stands there.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []element  `xml:",any"`
	Text     string     `xml:",chardata"`
}

// validate says how document is not what the schema asks for, or nil.
func validate(schemaText, document []byte) error {
	var s schema
	if err := xml.Unmarshal(schemaText, &s); err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	decoder := xml.NewDecoder(strings.NewReader(string(document)))
	var root element
	if err := decoder.Decode(&root); err != nil {
		return fmt.Errorf("reading the document: %w", err)
	}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return s.element(root)
		}
		if text, isText := token.(xml.CharData); err != nil || !isText || strings.TrimSpace(string(text)) != "" {
			return fmt.Errorf("%v stands behind the root: %w", token, err)
		}
	}
}

func (s schema) element(e element) error {
	i := slices.IndexFunc(s.Elements, func(d schemaElement) bool { return d.Name == e.XMLName.Local && e.XMLName.Space == "" })
	if i < 0 {
		return fmt.Errorf("element %s is unknown", e.XMLName.Local)
	}
	declared := s.Elements[i]
	if !declared.Type.Mixed && strings.TrimSpace(e.Text) != "" {
		return fmt.Errorf("%s holds the text %q", e.XMLName.Local, e.Text)
	}
	if err := declared.attributes(e.Attrs); err != nil {
		return err
	}
	if err := declared.sequence(e.Children); err != nil {
		return err
	}
	for _, child := range e.Children {
		if err := s.element(child); err != nil {
			return err
		}
	}
	return nil
}

func (d schemaElement) attributes(given []xml.Attr) error {
	// The types are those of the schema; a schema with another one is refused.
	patterns := map[string]string{"xs:string": `(?s).*`, "xs:nonNegativeInteger": `\+?[0-9]+`, "xs:decimal": `[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)`}
	for _, a := range given {
		i := slices.IndexFunc(d.Type.Attributes, func(known schemaAttribute) bool { return known.Name == a.Name.Local })
		if i < 0 {
			return fmt.Errorf("%s has an unknown attribute %s", d.Name, a.Name.Local)
		}
		pattern, known := patterns[d.Type.Attributes[i].Type]
		if !known || !regexp.MustCompile("^(?:"+pattern+")$").MatchString(a.Value) {
			return fmt.Errorf("%s of %s is %q, which is no %s", a.Name.Local, d.Name, a.Value, d.Type.Attributes[i].Type)
		}
	}
	for _, want := range d.Type.Attributes {
		if want.Use == "required" && !slices.ContainsFunc(given, func(a xml.Attr) bool { return a.Name.Local == want.Name }) {
			return fmt.Errorf("%s lacks the attribute %s", d.Name, want.Name)
		}
	}
	return nil
}

// sequence reports whether children come in the order and the number that d asks for.
func (d schemaElement) sequence(children []element) error {
	for _, particle := range d.Type.Sequence {
		n := 0
		for n < len(children) && children[n].XMLName.Local == particle.Ref && (n == 0 || particle.Max == "unbounded") {
			n++
		}
		if n == 0 && particle.Min != "0" {
			return fmt.Errorf("%s lacks %s", d.Name, particle.Ref)
		}
		children = children[n:]
	}
	if len(children) > 0 {
		return fmt.Errorf("%s holds %s, which is unknown there, one too many, or out of order", d.Name, children[0].XMLName.Local)
	}
	return nil
}
