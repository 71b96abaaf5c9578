package qdranttest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	api "github.com/qdrant/go-client/qdrant"
)

// matches holds a point against a filter. Nil and empty filters match, and so does a
// condition without a variant, which the server drops.
func matches(f *api.Filter, p *point) bool {
	for _, c := range f.GetMust() {
		if !holds(c, p) {
			return false
		}
	}
	for _, c := range f.GetMustNot() {
		if c.GetConditionOneOf() != nil && holds(c, p) {
			return false
		}
	}
	should := f.GetShould()
	return len(should) == 0 || slices.ContainsFunc(should, func(c *api.Condition) bool { return holds(c, p) })
}

func holds(c *api.Condition, p *point) bool {
	switch c := c.GetConditionOneOf().(type) {
	case nil:
		return true
	case *api.Condition_Filter:
		return matches(c.Filter, p)
	case *api.Condition_HasId:
		return slices.ContainsFunc(c.HasId.HasId, func(id *api.PointId) bool { return id.GetUuid() == p.id })
	case *api.Condition_HasVector:
		return p.has(c.HasVector.HasVector)
	case *api.Condition_Field:
		return slices.ContainsFunc(valuesAt(p.payload, c.Field.Key), func(v *api.Value) bool { return valueHolds(c.Field, v) })
	default:
		panic(fmt.Sprintf("qdranttest: condition %T", c))
	}
}

func valueHolds(f *api.FieldCondition, v *api.Value) bool {
	if r := f.GetRange(); r != nil {
		return inRange(r, v)
	}
	if r := f.GetDatetimeRange(); r != nil {
		return inDatetimeRange(r, v)
	}
	s, isString := v.GetKind().(*api.Value_StringValue)
	switch m := f.GetMatch().GetMatchValue().(type) {
	case *api.Match_Keyword:
		return isString && s.StringValue == m.Keyword
	case *api.Match_Keywords:
		return isString && slices.Contains(m.Keywords.GetStrings(), s.StringValue)
	case *api.Match_Boolean:
		b, ok := v.GetKind().(*api.Value_BoolValue)
		return ok && b.BoolValue == m.Boolean
	default:
		panic(fmt.Sprintf("qdranttest: match %T", m))
	}
}

func inRange(r *api.Range, v *api.Value) bool {
	var x float64
	switch n := v.GetKind().(type) {
	case *api.Value_IntegerValue:
		x = float64(n.IntegerValue)
	case *api.Value_DoubleValue:
		x = n.DoubleValue
	default:
		return false
	}
	return (r.Gt == nil || x > *r.Gt) && (r.Gte == nil || x >= *r.Gte) && (r.Lt == nil || x < *r.Lt) && (r.Lte == nil || x <= *r.Lte)
}

// inDatetimeRange compares whole microseconds, as the server's index does.
func inDatetimeRange(r *api.DatetimeRange, v *api.Value) bool {
	t, err := time.Parse(time.RFC3339, v.GetStringValue())
	if err != nil {
		return false
	}
	x := t.UnixMicro()
	return (r.Gt == nil || x > r.Gt.AsTime().UnixMicro()) && (r.Gte == nil || x >= r.Gte.AsTime().UnixMicro()) &&
		(r.Lt == nil || x < r.Lt.AsTime().UnixMicro()) && (r.Lte == nil || x <= r.Lte.AsTime().UnixMicro())
}

// valuesAt are the values under a path of plain keys, the elements of an array one by one.
func valuesAt(payload map[string]*api.Value, path string) []*api.Value {
	first, rest, nested := strings.Cut(path, ".")
	v := payload[first]
	switch {
	case v == nil:
		return nil
	case nested:
		return valuesAt(v.GetStructValue().GetFields(), rest)
	case v.GetListValue() != nil:
		return v.GetListValue().GetValues()
	}
	return []*api.Value{v}
}

// indexed is the strict mode's check of a filter: every field it names has an index of a
// type that can answer.
func (c *collection) indexed(f *api.Filter) error {
	if !c.strict() {
		return nil
	}
	for _, cond := range slices.Concat(f.GetMust(), f.GetShould(), f.GetMustNot()) {
		if sub := cond.GetFilter(); sub != nil {
			if err := c.indexed(sub); err != nil {
				return err
			}
		}
		if field := cond.GetField(); field != nil {
			if err := c.indexedField(field); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *collection) indexedField(f *api.FieldCondition) error {
	var want []api.PayloadSchemaType
	switch {
	case f.GetRange() != nil:
		want = []api.PayloadSchemaType{api.PayloadSchemaType_Float, api.PayloadSchemaType_Integer}
	case f.GetDatetimeRange() != nil:
		want = []api.PayloadSchemaType{api.PayloadSchemaType_Datetime}
	case isBool(f.GetMatch()):
		want = []api.PayloadSchemaType{api.PayloadSchemaType_Bool}
	default:
		want = []api.PayloadSchemaType{api.PayloadSchemaType_Keyword}
	}
	if have, ok := c.indexes[f.Key]; ok && slices.Contains(want, have.DataType) {
		return nil
	}
	return invalid(fmt.Sprintf("Bad request: Index required but not found for %q of one of the following types: %v", f.Key, want))
}

func isBool(m *api.Match) bool {
	_, ok := m.GetMatchValue().(*api.Match_Boolean)
	return ok
}
