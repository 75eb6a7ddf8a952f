package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"sigs.k8s.io/yaml"
)

// WriteJSON writes v as indented JSON. What a terminal would obey is escaped, as JSON allows it in strings
// and nowhere else, so that a reader of the JSON sees the value as it was.
func WriteJSON(w io.Writer, v any) error {
	data, err := encode(v)
	if err != nil {
		return err
	}
	_, err = w.Write(escape(data, unicode.MaxRune))
	return err
}

// WriteYAML writes v as YAML, by its JSON names.
func WriteYAML(w io.Writer, v any) error {
	data, err := encode(v)
	if err != nil {
		return err
	}
	// The library reads the JSON as YAML, which may not hold control characters: escaped they pass, and it
	// escapes them again as it writes. Beyond U+FFFF it has none, and YAML has no pairs of escapes.
	data, err = yaml.JSONToYAML(escape(data, 0xFFFF))
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "    ")
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// escape writes the runes of JSON text that do not print, up to last, as \uXXXX. encoding/json has done so below U+0020,
// but not with DEL, the C1 controls and those that turn the direction of writing.
func escape(text []byte, last rune) []byte {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == '\n' || unicode.IsPrint(r) || r > last:
			out = append(out, text[:size]...)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		text = text[size:]
	}
	return out
}
