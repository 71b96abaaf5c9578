package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"ragway/ingest"
)

// field is a name and its value: string, json.Number, bool, nil, []any of these, or
// []field for an object. The order of the file is kept.
type field struct {
	name  string
	value any
}

// deepest is how deep a record may nest; a record is a document's fields, not a tree.
const deepest = 32

// parseObject reads one JSON object and nothing else.
func parseObject(raw []byte) ([]field, error) {
	if !utf8.Valid(raw) {
		return nil, ingest.Failf(ingest.Corrupt, "not UTF-8")
	}
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	if d.PeekKind() != '{' {
		if _, err := d.ReadToken(); err != nil {
			return nil, malformed(err)
		}
		return nil, ingest.Failf(ingest.Corrupt, "not a JSON object")
	}
	v, err := parseValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, ingest.Failf(ingest.Corrupt, "more than one JSON value on a line")
	}
	return v.([]field), nil
}

func malformed(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ingest.Failf(ingest.Corrupt, "JSON is cut off")
	}
	return ingest.Failf(ingest.Corrupt, "%w", err)
}

func parseValue(d *jsontext.Decoder, depth int) (any, error) {
	if depth > deepest {
		return nil, ingest.Failf(ingest.TooDeep, "nested deeper than %d", deepest)
	}
	token, err := d.ReadToken()
	if err != nil {
		return nil, malformed(err)
	}
	switch token.Kind() {
	case '{':
		return parseMembers(d, depth)
	case '[':
		return parseElements(d, depth)
	case '"':
		return token.String(), nil
	case '0':
		return json.Number(token.String()), nil
	case 't', 'f':
		return token.Bool(), nil
	case 'n':
		return nil, nil
	}
	return nil, fmt.Errorf("unexpected JSON token %s", token)
}

func parseMembers(d *jsontext.Decoder, depth int) (any, error) {
	members := []field{}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, malformed(err)
		}
		key := name.String() // the token is void after the next read
		v, err := parseValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		members = append(members, field{key, v})
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, malformed(err)
	}
	return members, nil
}

func parseElements(d *jsontext.Decoder, depth int) (any, error) {
	elements := []any{}
	for d.PeekKind() != ']' {
		v, err := parseValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		elements = append(elements, v)
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, malformed(err)
	}
	return elements, nil
}
