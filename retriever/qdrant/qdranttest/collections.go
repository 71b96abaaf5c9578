package qdranttest

import (
	"context"
	"fmt"
	"maps"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type collection struct {
	config  *api.CreateCollection
	meta    map[string]*api.Value
	indexes map[string]*api.PayloadSchemaInfo
	points  map[string]*point
}

func (c *collection) strict() bool { return c.config.GetStrictModeConfig().GetEnabled() }

// resolve finds a collection by its name or by an alias. s.mu is held.
func (s *Server) resolve(name string) (*collection, error) {
	if target, ok := s.aliases[name]; ok {
		name = target
	}
	if c, ok := s.collections[name]; ok {
		return c, nil
	}
	return nil, status.Errorf(codes.NotFound, "Not found: Collection `%s` doesn't exist!", name)
}

type collectionService struct {
	api.UnimplementedCollectionsServer
	s *Server
}

func (h collectionService) Create(_ context.Context, r *api.CreateCollection) (*api.CollectionOperationResponse, error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	if _, ok := h.s.aliases[r.CollectionName]; ok {
		return nil, invalid("Wrong input: Can't create collection, alias with the same name exists")
	}
	if _, ok := h.s.collections[r.CollectionName]; ok {
		return nil, status.Errorf(codes.AlreadyExists, "Wrong input: Collection `%s` already exists!", r.CollectionName)
	}
	if h.s.collections == nil {
		h.s.collections = map[string]*collection{}
	}
	h.s.collections[r.CollectionName] = &collection{config: r, meta: maps.Clone(r.Metadata),
		indexes: map[string]*api.PayloadSchemaInfo{}, points: map[string]*point{}}
	return &api.CollectionOperationResponse{Result: true}, nil
}

// Update merges metadata by its top-level keys; a null removes one.
func (h collectionService) Update(_ context.Context, r *api.UpdateCollection) (*api.CollectionOperationResponse, error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	c, err := h.s.resolve(r.CollectionName)
	if err != nil {
		return nil, err
	}
	merged := maps.Clone(c.meta)
	if merged == nil {
		merged = map[string]*api.Value{}
	}
	for k, v := range r.Metadata {
		if _, null := v.GetKind().(*api.Value_NullValue); null {
			delete(merged, k)
			continue
		}
		merged[k] = v
	}
	c.meta = merged
	return &api.CollectionOperationResponse{Result: true}, nil
}

// Delete of an alias or of a missing name is an answer that says false, not an error.
func (h collectionService) Delete(_ context.Context, r *api.DeleteCollection) (*api.CollectionOperationResponse, error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	_, ok := h.s.collections[r.CollectionName]
	delete(h.s.collections, r.CollectionName)
	maps.DeleteFunc(h.s.aliases, func(_, target string) bool { return target == r.CollectionName })
	return &api.CollectionOperationResponse{Result: ok}, nil
}

func (h collectionService) Get(_ context.Context, r *api.GetCollectionInfoRequest) (*api.GetCollectionInfoResponse, error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	c, err := h.s.resolve(r.CollectionName)
	if err != nil {
		return nil, err
	}
	return &api.GetCollectionInfoResponse{Result: &api.CollectionInfo{
		Status: api.CollectionStatus_Green, PointsCount: api.PtrOf(uint64(len(c.points))), IndexedVectorsCount: api.PtrOf(h.s.indexed.Load()),
		Config:        &api.CollectionConfig{Metadata: maps.Clone(c.meta), StrictModeConfig: c.config.StrictModeConfig},
		PayloadSchema: maps.Clone(c.indexes), UpdateQueue: &api.UpdateQueueInfo{Length: h.s.queue.Load()},
	}}, nil
}

func (h collectionService) List(context.Context, *api.ListCollectionsRequest) (*api.ListCollectionsResponse, error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	out := &api.ListCollectionsResponse{}
	for name := range h.s.collections {
		out.Collections = append(out.Collections, &api.CollectionDescription{Name: name})
	}
	return out, nil
}

func (h collectionService) CollectionExists(_ context.Context, r *api.CollectionExistsRequest) (*api.CollectionExistsResponse, error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	_, err := h.s.resolve(r.CollectionName)
	return &api.CollectionExistsResponse{Result: &api.CollectionExists{Exists: err == nil}}, nil
}

func (h collectionService) ListAliases(context.Context, *api.ListAliasesRequest) (*api.ListAliasesResponse, error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	out := &api.ListAliasesResponse{}
	for alias, target := range h.s.aliases {
		out.Aliases = append(out.Aliases, &api.AliasDescription{AliasName: alias, CollectionName: target})
	}
	return out, nil
}

// UpdateAliases applies all actions or none. Creating an alias that exists moves it.
func (h collectionService) UpdateAliases(_ context.Context, r *api.ChangeAliases) (*api.CollectionOperationResponse, error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	next := maps.Clone(h.s.aliases)
	if next == nil {
		next = map[string]string{}
	}
	for _, a := range r.Actions {
		switch {
		case a.GetCreateAlias() != nil:
			alias, target := a.GetCreateAlias().AliasName, a.GetCreateAlias().CollectionName
			if _, taken := h.s.collections[alias]; taken {
				return nil, status.Errorf(codes.AlreadyExists, "collection %s exists", alias)
			}
			if _, ok := h.s.collections[target]; !ok {
				return nil, status.Errorf(codes.NotFound, "Not found: Collection `%s` doesn't exist!", target)
			}
			next[alias] = target
		case a.GetDeleteAlias() != nil:
			delete(next, a.GetDeleteAlias().AliasName)
		default:
			return nil, status.Error(codes.Unimplemented, fmt.Sprintf("alias action %T", a.Action))
		}
	}
	h.s.aliases = next
	return &api.CollectionOperationResponse{Result: true}, nil
}
