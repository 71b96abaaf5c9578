package qdrant

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
)

// Payload fields of state records and leases.
const (
	fieldCollection = "collection"
	fieldRecordKind = "record_kind"
	fieldKey        = "key"
	fieldValue      = "value" // JSON
	fieldOwner      = "owner"
	fieldExpires    = "expires" // µs since 1970
)

var stateIndexes = []index{
	keyword(fieldOfKind), keyword(fieldCollection), keyword(fieldRecordKind), keyword(fieldKey), keyword(fieldOwner), ordered(fieldExpires),
}

// statePage is how many records are read, or deleted, by one call.
const statePage = 1000

// stateCollection remembers that the collection of state points is there.
type stateCollection struct {
	mu    sync.Mutex
	ready bool
}

// ensureState makes the collection of state points on first use. All of it may be
// repeated, also by several processes at once.
func (s *Store) ensureState(ctx context.Context) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if s.state.ready {
		return ctx.Err()
	}
	request := &api.CreateCollection{
		CollectionName: s.names.state(), VectorsConfig: api.NewVectorsConfigMap(map[string]*api.VectorParams{}),
		ShardNumber: api.PtrOf[uint32](1), StrictModeConfig: strictMode(), Metadata: api.NewValueMap(payload{metaFormat: format}),
	}
	s.options.Tuning.replicate(request)
	err := translate(ctx, s.client.CreateCollection(ctx, request))
	if err != nil && !errors.Is(err, retriever.ErrCollectionExists) {
		return fmt.Errorf("create %s: %w", s.names.state(), err)
	}
	if err := s.createIndexes(ctx, s.names.state(), stateIndexes); err != nil {
		return err
	}
	s.state.ready = true
	return nil
}

func recordID(collection, kind, key string) *api.PointId {
	return pointID("record", collection, kind, key)
}

// PutRecords implements retriever.State.
func (s *Store) PutRecords(ctx context.Context, records ...retriever.Record) error {
	points := make([]*api.PointStruct, len(records))
	for i, r := range records {
		if !utf8.Valid(r.Value) || !allValid([]string{r.Collection, r.Kind, r.Key}) {
			return fmt.Errorf("record %q %q: not UTF-8", r.Kind, r.Key)
		}
		points[i] = barePoint(recordID(r.Collection, r.Kind, r.Key), payload{fieldOfKind: string(recordKind),
			fieldCollection: r.Collection, fieldRecordKind: r.Kind, fieldKey: r.Key, fieldValue: string(r.Value)})
	}
	if err := s.ensureState(ctx); err != nil {
		return fmt.Errorf("put records: %w", err)
	}
	if err := s.upsert(ctx, &api.UpsertPoints{CollectionName: s.names.state()}, points); err != nil {
		return fmt.Errorf("put records: %w", err)
	}
	return nil
}

// Records implements retriever.State.
func (s *Store) Records(ctx context.Context, collection, kind string) ([]retriever.Record, error) {
	if err := s.ensureState(ctx); err != nil {
		return nil, fmt.Errorf("read records: %w", err)
	}
	request := &api.ScrollPoints{CollectionName: s.names.state(), Limit: api.PtrOf[uint32](statePage), WithPayload: api.NewWithPayload(true),
		Filter: ofKind(recordKind, api.NewMatch(fieldCollection, collection), api.NewMatch(fieldRecordKind, kind))}
	var out []retriever.Record
	for {
		points, next, err := s.client.ScrollAndOffset(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("read records: %w", translate(ctx, err))
		}
		for _, p := range points {
			out = append(out, retriever.Record{Collection: collection, Kind: kind,
				Key: p.Payload[fieldKey].GetStringValue(), Value: []byte(p.Payload[fieldValue].GetStringValue())})
		}
		if request.Offset = next; next == nil {
			break
		}
	}
	slices.SortFunc(out, func(a, b retriever.Record) int { return strings.Compare(a.Key, b.Key) })
	return out, nil
}

// DeleteRecords implements retriever.State.
func (s *Store) DeleteRecords(ctx context.Context, collection, kind string, keys ...string) error {
	if len(keys) == 0 {
		return ctx.Err()
	}
	for page := range slices.Chunk(keys, statePage) {
		err := s.deleteState(ctx, ofKind(recordKind, api.NewMatch(fieldCollection, collection),
			api.NewMatch(fieldRecordKind, kind), api.NewMatchKeywords(fieldKey, page...)))
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) deleteState(ctx context.Context, filter *api.Filter) error {
	if err := s.ensureState(ctx); err != nil {
		return err
	}
	result, err := s.client.Delete(ctx, &api.DeletePoints{CollectionName: s.names.state(), Wait: api.PtrOf(true),
		Points: api.NewPointsSelectorFilter(filter)})
	if err := completed(ctx, result, err); err != nil {
		return fmt.Errorf("delete records: %w", err)
	}
	return nil
}
