package retriever

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// FilterOp is the "type" of a filter node.
type FilterOp string

const (
	OpEq  FilterOp = "eq"
	OpNe  FilterOp = "ne"
	OpGt  FilterOp = "gt"
	OpGte FilterOp = "gte"
	OpLt  FilterOp = "lt"
	OpLte FilterOp = "lte"
	OpIn  FilterOp = "in"
	OpNin FilterOp = "nin"
	OpAnd FilterOp = "and"
	OpOr  FilterOp = "or"
)

// Bounds of a filter tree, so that a request cannot cost more than its bytes suggest.
const (
	MaxFilterDepth  = 16
	MaxFilterNodes  = 256
	MaxFilterValues = 10_000
)

// Filter is OpenAI's filter tree over document metadata: comparisons with a key and a
// value, and and/or over further filters. A nil *Filter matches everything.
//
// Semantics, the same on every store: an array field matches eq, in and ranges when any
// of its elements does; ne and nin are the exact negations of eq and in, so they match a
// document without the field. A range compares numbers with a number, or, where its value
// is a date (see ParseDate), the strings of a string field that are dates; other strings
// are in no range. A key the collection does not have, or a value of another type than the
// field's, is ErrBadFilter, never an empty result.
type Filter struct {
	Op      FilterOp
	Key     string
	Value   any   // string, float64 or bool, for comparisons other than in and nin
	Values  []any // for in and nin; may be empty: in matches nothing, nin everything
	Filters []Filter
}

// ParseFilter reads OpenAI's JSON form: {"type":"eq","key":k,"value":v} and
// {"type":"and","filters":[…]}. JSON null is a nil filter. Every error is ErrBadFilter.
func ParseFilter(data []byte) (*Filter, error) {
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		return nil, nil
	}
	nodes := 0
	f, err := parseFilter(data, 1, &nodes)
	if err != nil {
		return nil, err
	}
	return &f, nil
}

// MarshalJSON is the inverse of ParseFilter.
func (f Filter) MarshalJSON() ([]byte, error) {
	switch f.Op {
	case OpAnd, OpOr:
		return json.Marshal(struct {
			Type    FilterOp `json:"type"`
			Filters []Filter `json:"filters"`
		}{f.Op, f.Filters})
	case OpIn, OpNin:
		return json.Marshal(comparison{f.Op, f.Key, append([]any{}, f.Values...)})
	}
	return json.Marshal(comparison{f.Op, f.Key, f.Value})
}

type comparison struct {
	Type  FilterOp `json:"type"`
	Key   string   `json:"key"`
	Value any      `json:"value"`
}

func parseFilter(data []byte, depth int, nodes *int) (Filter, error) {
	if *nodes++; depth > MaxFilterDepth || *nodes > MaxFilterNodes {
		return Filter{}, fmt.Errorf("deeper than %d or more than %d conditions: %w", MaxFilterDepth, MaxFilterNodes, ErrBadFilter)
	}
	var raw struct {
		Type    FilterOp          `json:"type"`
		Key     *string           `json:"key"`
		Value   json.RawMessage   `json:"value"`
		Filters []json.RawMessage `json:"filters"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&raw); err != nil {
		return Filter{}, fmt.Errorf("%s: %w", strings.TrimPrefix(err.Error(), "json: "), ErrBadFilter)
	}
	f := Filter{Op: raw.Type}
	switch raw.Type {
	case OpAnd, OpOr:
		if raw.Key != nil || raw.Value != nil || len(raw.Filters) == 0 {
			return Filter{}, fmt.Errorf("%q wants a non-empty \"filters\" and nothing else: %w", raw.Type, ErrBadFilter)
		}
		for _, sub := range raw.Filters {
			child, err := parseFilter(sub, depth+1, nodes)
			if err != nil {
				return Filter{}, err
			}
			f.Filters = append(f.Filters, child)
		}
		return f, nil
	case OpEq, OpNe, OpGt, OpGte, OpLt, OpLte, OpIn, OpNin:
	default:
		return Filter{}, fmt.Errorf("type %q: want eq, ne, gt, gte, lt, lte, in, nin, and, or: %w", raw.Type, ErrBadFilter)
	}
	if raw.Key == nil || *raw.Key == "" || raw.Value == nil || raw.Filters != nil {
		return Filter{}, fmt.Errorf("%q wants \"key\" and \"value\": %w", raw.Type, ErrBadFilter)
	}
	f.Key = *raw.Key
	var v any
	if err := json.Unmarshal(raw.Value, &v); err != nil {
		return Filter{}, fmt.Errorf("value of %q: %w", f.Key, ErrBadFilter)
	}
	if raw.Type == OpIn || raw.Type == OpNin {
		list, ok := v.([]any)
		if !ok || len(list) > MaxFilterValues {
			return Filter{}, fmt.Errorf("%q on %q wants an array of at most %d values: %w", raw.Type, f.Key, MaxFilterValues, ErrBadFilter)
		}
		f.Values = list
		return f, nil
	}
	f.Value = v
	return f, nil
}

// Validate holds f against the fields a collection has. Every store calls it before it
// compiles f, so that they all refuse the same trees with the same words. An error about an
// unknown field lists those that visible returns: fields of documents that the caller may
// see, for a name tells of what is in a document.
func (f *Filter) Validate(s Schema, visible func() []string) error {
	if f == nil {
		return nil
	}
	switch f.Op {
	case OpAnd, OpOr:
		if len(f.Filters) == 0 {
			return fmt.Errorf("%q without filters: %w", f.Op, ErrBadFilter)
		}
		for i := range f.Filters {
			if err := f.Filters[i].Validate(s, visible); err != nil {
				return err
			}
		}
		return nil
	case OpEq, OpNe, OpGt, OpGte, OpLt, OpLte, OpIn, OpNin:
	default:
		return fmt.Errorf("type %q: %w", f.Op, ErrBadFilter)
	}
	want, known := s[f.Key]
	if !known {
		names := visible()
		if slices.Contains(names, f.Key) {
			return fmt.Errorf("field %q is kept with its documents and cannot be filtered by: the collection has its %d filterable fields: %w", f.Key, MaxFields, ErrBadFilter)
		}
		return fmt.Errorf("field %q: the documents have %s: %w", f.Key, listed(names), ErrBadFilter)
	}
	if f.isRange() && want == BoolField {
		return fmt.Errorf("%q on field %q, which is %s: want a field of numbers or dates: %w", f.Op, f.Key, want, ErrBadFilter)
	}
	values := []any{f.Value}
	if f.Op == OpIn || f.Op == OpNin {
		values = f.Values
	}
	for _, v := range values {
		if _, list := v.([]any); list || typeOf(v) != want {
			return fmt.Errorf("field %q is %s, got %s: %w", f.Key, want, describe(v), ErrBadFilter)
		}
	}
	if text, ok := f.Value.(string); ok && f.isRange() {
		if _, ok := ParseDate(text); !ok {
			return fmt.Errorf("%q on field %q wants a date, as 2026-01-31 or 2026-01-31T09:00:00Z: %w", f.Op, f.Key, ErrBadFilter)
		}
	}
	return nil
}

func (f *Filter) isRange() bool {
	return f.Op == OpGt || f.Op == OpGte || f.Op == OpLt || f.Op == OpLte
}

func listed(fields []string) string {
	if len(fields) == 0 {
		return "no fields"
	}
	slices.Sort(fields)
	return "the fields " + strings.Join(fields, ", ")
}

func describe(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case []any:
		return "an array"
	case map[string]any:
		return "an object"
	}
	return string(typeOf(v))
}

// Match is the reference meaning of a filter on one document's metadata. f must be
// valid. Stores with an index of their own are tested against it.
func (f *Filter) Match(m Metadata) bool {
	if f == nil {
		return true
	}
	switch f.Op {
	case OpAnd:
		for i := range f.Filters {
			if !f.Filters[i].Match(m) {
				return false
			}
		}
		return true
	case OpOr:
		for i := range f.Filters {
			if f.Filters[i].Match(m) {
				return true
			}
		}
		return false
	case OpNe:
		return !anyValue(m[f.Key], func(v any) bool { return v == f.Value })
	case OpNin:
		return !anyValue(m[f.Key], func(v any) bool { return slices.Contains(f.Values, v) })
	case OpEq:
		return anyValue(m[f.Key], func(v any) bool { return v == f.Value })
	case OpIn:
		return anyValue(m[f.Key], func(v any) bool { return slices.Contains(f.Values, v) })
	}
	return anyValue(m[f.Key], f.inRange)
}

// inRange reports whether one value is in f's range.
func (f *Filter) inRange(v any) bool {
	c := 0
	switch bound := f.Value.(type) {
	case float64:
		n, ok := v.(float64)
		if !ok {
			return false
		}
		c = cmp.Compare(n, bound)
	case string:
		text, _ := v.(string)
		at, ok := ParseDate(text)
		limit, valid := ParseDate(bound)
		if !ok || !valid {
			return false
		}
		c = at.Compare(limit)
	default:
		return false
	}
	switch f.Op {
	case OpGt:
		return c > 0
	case OpGte:
		return c >= 0
	case OpLt:
		return c < 0
	default:
		return c <= 0
	}
}

func anyValue(v any, match func(any) bool) bool {
	if list, ok := v.([]any); ok {
		return slices.ContainsFunc(list, match)
	}
	return v != nil && match(v)
}
