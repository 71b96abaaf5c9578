package qdrant

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
)

// Payload fields. Those that other clients of the database look for keep their names.
const (
	fieldOfKind     = "kind"
	fieldTenant     = "tenant"
	fieldACL        = "acl"      // principals that may read
	fieldEveryone   = "everyone" // true: no access list, everyone of the tenant may read
	fieldDocumentID = "document_id"
	fieldVersion    = "version"
	fieldStarted    = "started" // when the write began, µs since 1970, see nextStart

	fieldContent  = "content"
	fieldTitle    = "title"
	fieldSource   = "source"
	fieldURL      = "url"
	fieldPage     = "page"
	fieldMetadata = "metadata"
	fieldOrdinal  = "ordinal"
	fieldHeadings = "headings"
	fieldSpan     = "span"
	fieldContext  = "context"
	fieldTokens   = "tokens"

	fieldDocument  = "document" // JSON, see documentRecord
	fieldChunks    = "chunks"
	fieldVectors   = "vectors"
	fieldBytes     = "bytes"
	fieldUpdated   = "updated_at"
	fieldCommitted = "committed" // µs since 1970, by the writer's clock

	fieldName = "name"
	fieldType = "type"
)

// index is a payload index; strict mode refuses filters without one.
type index struct {
	field  string
	kind   api.FieldType
	params *api.PayloadIndexParams
}

func keyword(field string) index { return index{field, api.FieldType_FieldTypeKeyword, nil} }

// counter is an integer whose values are counted, not filtered by.
func counter(field string) index {
	return index{field, api.FieldType_FieldTypeInteger, api.NewPayloadIndexParamsInt(&api.IntegerIndexParams{
		Lookup: api.PtrOf(true), Range: api.PtrOf(false)})}
}

func ordered(field string) index {
	return index{field, api.FieldType_FieldTypeInteger, api.NewPayloadIndexParamsInt(&api.IntegerIndexParams{
		Lookup: api.PtrOf(true), Range: api.PtrOf(true)})}
}

var documentIndexes = []index{
	{fieldTenant, api.FieldType_FieldTypeKeyword, api.NewPayloadIndexParamsKeyword(&api.KeywordIndexParams{IsTenant: api.PtrOf(true)})},
	keyword(fieldOfKind), keyword(fieldACL), keyword(fieldDocumentID), keyword(fieldVersion),
	{fieldEveryone, api.FieldType_FieldTypeBool, nil},
	ordered(fieldStarted), counter(fieldChunks), counter(fieldVectors), counter(fieldBytes),
}

// createIndexes makes the indexes of a Qdrant collection. Repeating one is harmless.
func (s *Store) createIndexes(ctx context.Context, qdrant string, indexes []index) error {
	for _, i := range indexes {
		result, err := s.client.CreateFieldIndex(ctx, &api.CreateFieldIndexCollection{
			CollectionName: qdrant, Wait: api.PtrOf(true), FieldName: i.field, FieldType: i.kind.Enum(), FieldIndexParams: i.params,
		})
		if err := completed(ctx, result, err); err != nil {
			return fmt.Errorf("index of %q: %w", i.field, err)
		}
	}
	return nil
}

const (
	plainPrefix   = fieldMetadata + "."
	encodedPrefix = "field_"
)

// fieldPath is where a metadata field is filtered. Keys that a JSON path cannot spell
// unquoted are stored once more, at the top of the payload under their hex.
func fieldPath(key string) string {
	if isPlain(key) {
		return plainPrefix + key
	}
	return encodedPrefix + hex.EncodeToString([]byte(key))
}

// keyOf is the inverse of fieldPath; false for a path of another kind.
func keyOf(path string) (string, bool) { return keyUnder(plainPrefix, encodedPrefix, path) }

func keyUnder(plain, hexed, path string) (string, bool) {
	if key, ok := strings.CutPrefix(path, plain); ok {
		return key, true
	}
	encoded, ok := strings.CutPrefix(path, hexed)
	key, err := hex.DecodeString(encoded)
	return string(key), ok && err == nil
}

func isPlain(key string) bool {
	return key != "" && !strings.ContainsFunc(key, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

var fieldTypes = map[retriever.FieldType]api.FieldType{
	retriever.StringField: api.FieldType_FieldTypeKeyword,
	retriever.NumberField: api.FieldType_FieldTypeFloat,
	retriever.BoolField:   api.FieldType_FieldTypeBool,
}

// schemaOf reads the filterable fields, and those of them that have dates, off the indexes
// that exist: a field is one as soon as it can be filtered by.
func schemaOf(indexed map[string]*api.PayloadSchemaInfo) (schema retriever.Schema, dated map[string]bool) {
	types := map[api.PayloadSchemaType]retriever.FieldType{
		api.PayloadSchemaType_Keyword: retriever.StringField,
		api.PayloadSchemaType_Float:   retriever.NumberField,
		api.PayloadSchemaType_Bool:    retriever.BoolField,
	}
	schema, dated = retriever.Schema{}, map[string]bool{}
	for path, info := range indexed {
		if key, ok := keyOf(path); ok {
			schema[key] = types[info.GetDataType()]
		}
		if key, ok := keyUnder(datePrefix, encodedDates, path); ok {
			dated[key] = true
		}
	}
	return schema, dated
}

// addFields makes the fields that are in want and not in have filterable. It returns the
// types that the collection has for them now: those of another process that was first.
func (s *Store) addFields(ctx context.Context, qdrant string, have, want retriever.Schema) (retriever.Schema, error) {
	var points []*api.PointStruct
	var ids []*api.PointId
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if _, known := have[key]; known {
			continue
		}
		id := pointID("field", key)
		ids = append(ids, id)
		points = append(points, barePoint(id, payload{fieldOfKind: string(fieldKind), fieldName: key, fieldType: string(want[key])}))
	}
	if len(points) == 0 {
		return have, nil
	}
	result, err := s.client.Upsert(ctx, &api.UpsertPoints{CollectionName: qdrant, Wait: api.PtrOf(true), Points: points,
		UpdateMode: api.UpdateMode_InsertOnly.Enum()})
	if err := completed(ctx, result, err); err != nil {
		return nil, fmt.Errorf("claim fields: %w", err)
	}
	stored, err := s.client.Get(ctx, &api.GetPoints{CollectionName: qdrant, Ids: ids, WithPayload: api.NewWithPayload(true)})
	if err != nil {
		return nil, fmt.Errorf("claim fields: %w", translate(ctx, err))
	}
	now := maps.Clone(have)
	var indexes []index
	for _, p := range stored {
		key, t := p.Payload[fieldName].GetStringValue(), retriever.FieldType(p.Payload[fieldType].GetStringValue())
		now[key] = t
		indexes = append(indexes, index{fieldPath(key), fieldTypes[t], nil})
	}
	return now, s.createIndexes(ctx, qdrant, indexes)
}
