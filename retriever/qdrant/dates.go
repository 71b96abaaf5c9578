package qdrant

import (
	"encoding/hex"
	"maps"
	"slices"
	"time"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/protobuf/types/known/timestamppb"

	"ragway/retriever"
)

// A string field has an index of words, and the server keeps one index a path. Those of
// its values that are dates are therefore stored once more, under datePath, as the server
// reads dates: in UTC with microseconds, which is what both it and retriever.ParseDate
// compare. The index of that path is made when a field gets its first date.

const (
	fieldDates   = "dates"
	datePrefix   = fieldDates + "."
	encodedDates = "date_"
	dateLayout   = "2006-01-02T15:04:05.000000Z"
)

// datePath is where a metadata field is filtered by ranges of dates.
func datePath(key string) string {
	if isPlain(key) {
		return datePrefix + key
	}
	return encodedDates + hex.EncodeToString([]byte(key))
}

func dateIndex(key string) index {
	return index{datePath(key), api.FieldType_FieldTypeDatetime, nil}
}

// datesOf are the dates of each field that has some, as stored.
func datesOf(m retriever.Metadata) map[string][]any {
	var out map[string][]any
	for key, v := range m {
		values, isList := v.([]any)
		if !isList {
			values = []any{v}
		}
		var dates []any
		for _, v := range values {
			text, _ := v.(string)
			if at, ok := retriever.ParseDate(text); ok {
				dates = append(dates, at.Format(dateLayout))
			}
		}
		if len(dates) == 0 {
			continue
		}
		if out == nil {
			out = map[string][]any{}
		}
		out[key] = dates
	}
	return out
}

// addDates puts the dates of m where they are filtered.
func addDates(p payload, m retriever.Metadata) {
	plain := payload{}
	for key, dates := range datesOf(m) {
		if isPlain(key) {
			plain[key] = dates
			continue
		}
		p[datePath(key)] = dates
	}
	if len(plain) > 0 {
		p[fieldDates] = plain
	}
}

// dateIndexes are those that the documents need and the collection has not.
func dateIndexes(h head, docs []prepared) []index {
	need := map[string]bool{}
	for _, d := range docs {
		for key := range datesOf(d.Document.Metadata) {
			if !h.dated[key] {
				need[key] = true
			}
		}
	}
	var out []index
	for _, key := range slices.Sorted(maps.Keys(need)) {
		out = append(out, dateIndex(key))
	}
	return out
}

// dateRange matches the chunks with a date of the field in f's range. Without an index no
// document has one. A collection from before dates were kept apart, see rewrite, answers
// with all chunks, and search.rank leaves those that do not match out: a filter has no
// negation above a range, so that none is missing but beyond maxPage.
func (h head) dateRange(f *retriever.Filter, bound time.Time) *api.Condition {
	if h.analysis < datesSince {
		return api.NewMatch(fieldOfKind, string(chunkKind))
	}
	if !h.dated[f.Key] {
		return nothing(fieldOfKind)
	}
	r, at := &api.DatetimeRange{}, timestamppb.New(bound)
	switch f.Op {
	case retriever.OpGt:
		r.Gt = at
	case retriever.OpGte:
		r.Gte = at
	case retriever.OpLt:
		r.Lt = at
	case retriever.OpLte:
		r.Lte = at
	default:
		return nothing(fieldOfKind)
	}
	return api.NewDatetimeRange(datePath(f.Key), r)
}
