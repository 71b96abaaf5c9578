package retriever

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// FieldType is the type of a filterable field, fixed by the first value a collection
// sees under that name.
type FieldType string

const (
	StringField FieldType = "string"
	NumberField FieldType = "number"
	BoolField   FieldType = "bool"
)

// MaxFields is how many filterable fields a collection may have; each is an index. The
// first ones win.
const MaxFields = 64

// Schema is the type of each filterable field of a collection.
type Schema map[string]FieldType

// Check returns m in canonical form: integers as float64, []string and the like as
// []any, nulls dropped. A value of any other type, a mixed array, NaN or Inf is
// ErrBadMetadata naming the key.
func (m Metadata) Check() (Metadata, error) {
	if len(m) == 0 {
		return nil, nil
	}
	out := make(Metadata, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		v, err := canonical(m[k])
		if err != nil {
			return nil, fmt.Errorf("metadata %q: %w", k, err)
		}
		if v != nil {
			out[k] = v
		}
	}
	return out, nil
}

func canonical(v any) (any, error) {
	list, ok := asList(v)
	if !ok {
		return canonicalScalar(v)
	}
	out := make([]any, 0, len(list))
	for _, e := range list {
		c, err := canonicalScalar(e)
		if err != nil {
			return nil, err
		}
		if c == nil {
			continue
		}
		if len(out) > 0 && typeOf(out[0]) != typeOf(c) {
			return nil, fmt.Errorf("array of %s and %s: %w", typeOf(out[0]), typeOf(c), ErrBadMetadata)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

func asList(v any) ([]any, bool) {
	switch l := v.(type) {
	case []any:
		return l, true
	case []string:
		out := make([]any, len(l))
		for i := range l {
			out[i] = l[i]
		}
		return out, true
	case []float64:
		out := make([]any, len(l))
		for i := range l {
			out[i] = l[i]
		}
		return out, true
	}
	return nil, false
}

func canonicalScalar(v any) (any, error) {
	var f float64
	switch n := v.(type) {
	case nil, string, bool:
		return v, nil
	case float64:
		f = n
	case float32:
		f = float64(n)
	case int:
		f = float64(n)
	case int64:
		f = float64(n)
	case uint64:
		f = float64(n)
	case json.Number:
		parsed, err := n.Float64()
		if err != nil {
			return nil, fmt.Errorf("number %s: %w", n, ErrBadMetadata)
		}
		f = parsed
	default:
		return nil, fmt.Errorf("value of type %T: %w", v, ErrBadMetadata)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("number %v: %w", f, ErrBadMetadata)
	}
	return f, nil
}

// ParseDate reads a metadata string as a moment: RFC 3339, or a day, which begins at
// midnight UTC. Years are 0001 to 9999. The result is in UTC, whole microseconds: what is finer is cut, so that every
// store compares alike.
func ParseDate(s string) (t time.Time, ok bool) {
	if len(s) < len(time.DateOnly) || s[4] != '-' { // most strings are not dates
		return t, false
	}
	layout := time.RFC3339
	if len(s) == len(time.DateOnly) {
		layout = time.DateOnly
	}
	t, err := time.Parse(layout, s)
	if t = t.UTC().Truncate(time.Microsecond); err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, false
	}
	return t, true
}

func typeOf(v any) FieldType {
	switch t := v.(type) {
	case string:
		return StringField
	case float64:
		return NumberField
	case bool:
		return BoolField
	case []any:
		if len(t) > 0 {
			return typeOf(t[0])
		}
	}
	return ""
}

// Extend returns s with the fields of m added and the names that were new, sorted. Fields
// beyond MaxFields are not added: they are kept with their documents and cannot be filtered
// by. A value of another type than the field has is ErrBadMetadata. m must be canonical. s
// itself is not changed.
func (s Schema) Extend(m Metadata) (Schema, []string, error) {
	out, added := s, []string(nil)
	for _, k := range slices.Sorted(maps.Keys(m)) {
		t := typeOf(m[k])
		switch have, known := out[k]; {
		case t == "":
			return s, nil, fmt.Errorf("metadata %q: value of type %T: %w", k, m[k], ErrBadMetadata)
		case known && have != t:
			return s, nil, fmt.Errorf("metadata %q is %s here and %s in the collection: %w", k, t, have, ErrBadMetadata)
		case known, len(out) >= MaxFields:
			continue
		}
		if added == nil {
			out = maps.Clone(s)
			if out == nil {
				out = Schema{}
			}
		}
		out[k] = t
		added = append(added, k)
	}
	return out, added, nil
}
