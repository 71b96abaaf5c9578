package qdrant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
	"ragway/retriever/text"
)

// CreateCollection makes the Qdrant collection with all its indexes and then the alias
// that makes it visible, so that a crash in between leaves nothing but a Qdrant
// collection that the next attempt removes.
func (s *Store) CreateCollection(ctx context.Context, c retriever.Collection) error {
	if err := retriever.CheckCollectionName(c.Name); err != nil {
		return err
	}
	if !c.Fingerprint.IsZero() && c.Fingerprint.Dimension < 1 {
		return fmt.Errorf("create collection %q: embedding space %s has no dimension: %w", c.Name, c.Fingerprint, retriever.ErrBadVector)
	}
	// A second creation moves an alias without an error, so two must not run at once.
	err := s.exclusively(ctx, "collection/"+c.Name, func(ctx context.Context) error { return s.create(ctx, c) })
	s.heads.forget(c.Name)
	if err != nil {
		return fmt.Errorf("create collection %q: %w", c.Name, err)
	}
	return nil
}

func (s *Store) create(ctx context.Context, c retriever.Collection) error {
	alias := s.names.alias(c.Name)
	exists, err := s.client.CollectionExists(ctx, alias)
	if err != nil {
		return translate(ctx, err)
	}
	if exists {
		return retriever.ErrCollectionExists
	}
	return s.build(ctx, c, alias, s.names.physical(c.Name, c.Fingerprint))
}

// build makes a Qdrant collection and gives it the alias.
func (s *Store) build(ctx context.Context, c retriever.Collection, alias, physical string) error {
	if err := s.dropUnnamed(ctx, c.Name); err != nil {
		return fmt.Errorf("remove an unfinished one: %w", err)
	}
	request, err := s.creation(c, physical)
	if err != nil {
		return err
	}
	if err := s.client.CreateCollection(ctx, request); err != nil {
		return translate(ctx, err)
	}
	if err := s.createIndexes(ctx, physical, documentIndexes); err != nil {
		return err
	}
	return translate(ctx, s.client.CreateAlias(ctx, alias, physical))
}

func (s *Store) creation(c retriever.Collection, physical string) (*api.CreateCollection, error) {
	record, err := json.Marshal(collectionRecord{Name: c.Name, Physical: physical, Fingerprint: c.Fingerprint, Chunking: chunkingRecord(c.Chunking),
		Language: c.Language, CreatedAt: c.CreatedAt.UTC(), K1: s.options.K1, B: s.options.B})
	if err != nil {
		return nil, fmt.Errorf("encode settings: %w", err)
	}
	dense := map[string]*api.VectorParams{}
	if !c.Fingerprint.IsZero() {
		dense[denseVector] = s.options.Tuning.vectors(c.Fingerprint.Dimension)
	}
	request := &api.CreateCollection{
		CollectionName: physical,
		VectorsConfig:  api.NewVectorsConfigMap(dense),
		SparseVectorsConfig: api.NewSparseVectorsConfig(map[string]*api.SparseVectorParams{
			sparseVector: {Modifier: api.Modifier_Idf.Enum()}}),
		StrictModeConfig: strictMode(),
		Metadata:         api.NewValueMap(payload{metaFormat: format, metaAnalysis: text.Version, metaCollection: string(record)}),
	}
	s.options.Tuning.apply(request)
	return request, nil
}

// strictMode makes the server refuse what it would answer by a scan of all payloads.
func strictMode() *api.StrictModeConfig {
	return &api.StrictModeConfig{Enabled: api.PtrOf(true),
		UnindexedFilteringRetrieve: api.PtrOf(false), UnindexedFilteringUpdate: api.PtrOf(false)}
}

// dropUnnamed deletes the Qdrant collections of a name that no alias leads to.
func (s *Store) dropUnnamed(ctx context.Context, name string) error {
	all, err := s.client.ListCollections(ctx)
	if err != nil {
		return translate(ctx, err)
	}
	aliases, err := s.client.ListAliases(ctx)
	if err != nil {
		return translate(ctx, err)
	}
	for _, qdrant := range all {
		named := slices.ContainsFunc(aliases, func(a *api.AliasDescription) bool { return a.GetCollectionName() == qdrant })
		if named || !s.names.isPhysical(name, qdrant) {
			continue
		}
		if err := s.client.DeleteCollection(ctx, qdrant); err != nil {
			return translate(ctx, err)
		}
	}
	return nil
}

// DeleteCollection removes the alias before the points: from then on the collection does
// not exist.
func (s *Store) DeleteCollection(ctx context.Context, name string) error {
	base, served := retriever.ServedName(name)
	err := s.exclusively(ctx, "collection/"+base, func(ctx context.Context) error {
		if served {
			return s.remove(ctx, name)
		}
		return s.removeBeside(ctx, base, name)
	})
	for _, n := range []string{base, retriever.StagedName(base), retriever.FormerName(base)} {
		s.heads.forget(n)
	}
	s.samples.clear()
	if err != nil {
		return fmt.Errorf("delete collection: %w", err)
	}
	return nil
}

func (s *Store) remove(ctx context.Context, name string) error {
	if _, err := s.readHead(ctx, name); err != nil {
		return err
	}
	// Before the alias: left behind by a crash, they would be of the next of this name.
	if err := s.deleteState(ctx, ofKind(recordKind, api.NewMatch(fieldCollection, name))); err != nil {
		return err
	}
	if err := s.removeAliases(ctx, name, retriever.StagedName(name), retriever.FormerName(name)); err != nil {
		return named(name, err)
	}
	if err := s.dropUnnamed(ctx, name); err != nil {
		return named(name, err)
	}
	return nil
}

// removeAliases removes at once those of the names that are aliases.
func (s *Store) removeAliases(ctx context.Context, names ...string) error {
	aliases, err := s.client.ListAliases(ctx)
	if err != nil {
		return translate(ctx, err)
	}
	var operations []*api.AliasOperations
	for _, name := range names {
		alias := s.names.alias(name)
		if slices.ContainsFunc(aliases, func(a *api.AliasDescription) bool { return a.GetAliasName() == alias }) {
			operations = append(operations, api.NewAliasDelete(alias))
		}
	}
	if len(operations) == 0 {
		return nil
	}
	return translate(ctx, s.client.UpdateAliases(ctx, operations))
}

// aliases are those of our collections.
func (s *Store) aliases(ctx context.Context) ([]string, error) {
	all, err := s.client.ListAliases(ctx)
	if err != nil {
		return nil, translate(ctx, err)
	}
	var out []string
	for _, a := range all {
		if _, ok := s.names.collection(a.GetAliasName()); ok {
			out = append(out, a.GetAliasName())
		}
	}
	return out, nil
}

// collectionNames are those of the collections that the scope may know of, sorted.
// Collections of a store whose prefix begins with ours may be among them; readHead tells.
func (s *Store) collectionNames(ctx context.Context, scope retriever.Scope) ([]string, error) {
	aliases, err := s.aliases(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, a := range aliases {
		if name, _ := s.names.collection(a); scope.AllowsCollection(name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// Collections implements retriever.Catalog.
func (s *Store) Collections(ctx context.Context, scope retriever.Scope) ([]retriever.CollectionInfo, error) {
	names, err := s.collectionNames(ctx, scope)
	if err != nil {
		return nil, fmt.Errorf("list collections: %w", err)
	}
	var out []retriever.CollectionInfo
	for _, name := range names {
		info, err := s.Collection(ctx, scope, name)
		if errors.Is(err, retriever.ErrCollectionNotFound) {
			continue // deleted since, or of another prefix
		}
		if err != nil {
			return nil, err
		}
		out = append(out, info)
	}
	return out, nil
}

// Collection implements retriever.Catalog.
func (s *Store) Collection(ctx context.Context, scope retriever.Scope, name string) (retriever.CollectionInfo, error) {
	s.heads.forget(name) // the schema must be no older than the counts
	h, err := s.known(ctx, scope, name)
	if err != nil {
		return retriever.CollectionInfo{}, err
	}
	info := retriever.CollectionInfo{Collection: h.collection, Schema: h.schema}
	if err := s.count(ctx, h, scope, &info); err != nil {
		return retriever.CollectionInfo{}, named(name, err)
	}
	if info.RecallEstimate, err = s.recall(ctx, h); err != nil {
		return retriever.CollectionInfo{}, named(name, err)
	}
	return info, nil
}

// Settings implements retriever.Catalog.
func (s *Store) Settings(ctx context.Context, scope retriever.Scope, name string) (retriever.Collection, error) {
	h, err := s.known(ctx, scope, name)
	return h.collection, err
}

// count fills in the numbers from the manifests, so that chunks of unfinished and of
// superseded writes are not among them.
func (s *Store) count(ctx context.Context, h head, scope retriever.Scope, info *retriever.CollectionInfo) error {
	manifests := visible(documentKind, scope)
	chunks, documents, err := s.sum(ctx, h, fieldChunks, manifests)
	if err != nil {
		return err
	}
	vectors, _, err := s.sum(ctx, h, fieldVectors, manifests)
	if err != nil {
		return err
	}
	bytes, _, err := s.sum(ctx, h, fieldBytes, manifests)
	if err != nil {
		return err
	}
	info.Documents, info.Chunks, info.Vectors, info.Bytes = int(documents), int(chunks), int(vectors), bytes
	info.LastIngest, err = s.lastIngest(ctx, h)
	return err
}

// lastIngest is when the collection was last written, zero if never.
func (s *Store) lastIngest(ctx context.Context, h head) (time.Time, error) {
	found, err := s.client.Get(ctx, &api.GetPoints{CollectionName: h.physical, Ids: []*api.PointId{headPoint()}, WithPayload: api.NewWithPayload(true)})
	if err != nil || len(found) == 0 {
		return time.Time{}, translate(ctx, err)
	}
	return parseTimestamp(found[0].Payload[fieldUpdated]), nil
}

// maxDistinct bounds a facet's answer to what maxAnswer holds.
const maxDistinct = 2_000_000

// sum adds up an integer field over the points that filter matches, and counts them. The
// server groups equal values, so that the answer is far shorter than the list of points.
func (s *Store) sum(ctx context.Context, h head, field string, filter *api.Filter) (sum, n int64, err error) {
	hits, err := s.client.Facet(ctx, &api.FacetCounts{CollectionName: h.physical, Key: field, Filter: filter,
		Limit: api.PtrOf[uint64](maxDistinct), Exact: api.PtrOf(true)})
	if err != nil {
		return 0, 0, translate(ctx, err)
	}
	for _, hit := range hits {
		sum += hit.GetValue().GetIntegerValue() * int64(hit.GetCount())
		n += int64(hit.GetCount())
	}
	return sum, n, nil
}
