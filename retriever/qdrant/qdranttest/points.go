package qdranttest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/google/uuid"
	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/protobuf/proto"
)

type point struct {
	id      string
	payload map[string]*api.Value
	dense   map[string][]float32
	sparse  map[string]*api.SparseVector
}

func (p *point) has(vector string) bool { return p.dense[vector] != nil || p.sparse[vector] != nil }

type pointService struct {
	api.UnimplementedPointsServer
	s *Server
}

// on runs f on a collection under the lock, with its filter checked.
func on[T any](s *Server, name string, filter *api.Filter, f func(*collection) (T, error)) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none T
	c, err := s.resolve(name)
	if err != nil {
		return none, err
	}
	if err := c.indexed(filter); err != nil {
		return none, err
	}
	return f(c)
}

func done(wait *bool) (*api.PointsOperationResponse, error) {
	st := api.UpdateStatus_Acknowledged
	if wait != nil && *wait {
		st = api.UpdateStatus_Completed
	}
	return &api.PointsOperationResponse{Result: &api.UpdateResult{Status: st}}, nil
}

// Upsert validates all points before it stores one. The update filter is not under the
// strict mode, and does not keep points that do not exist from being inserted.
func (h pointService) Upsert(_ context.Context, r *api.UpsertPoints) (*api.PointsOperationResponse, error) {
	return on(h.s, r.CollectionName, nil, func(c *collection) (*api.PointsOperationResponse, error) {
		if len(r.Points) == 0 {
			return nil, invalid("Empty update request")
		}
		parsed := make([]*point, len(r.Points))
		for i, p := range r.Points {
			var err error
			if parsed[i], err = c.parse(p); err != nil {
				return nil, err
			}
		}
		for _, p := range parsed {
			old := c.points[p.id]
			if old == nil && r.GetUpdateMode() == api.UpdateMode_UpdateOnly {
				continue
			}
			if old != nil && (r.GetUpdateMode() == api.UpdateMode_InsertOnly || !matches(r.UpdateFilter, old)) {
				continue
			}
			c.points[p.id] = p
		}
		return done(r.Wait)
	})
}

func (c *collection) parse(p *api.PointStruct) (*point, error) {
	id, err := uuid.Parse(p.GetId().GetUuid())
	if err != nil {
		return nil, invalid("Unable to parse UUID: " + p.GetId().GetUuid())
	}
	if p.Vectors == nil {
		return nil, invalid("Expected some vectors")
	}
	out := &point{id: id.String(), payload: p.Payload, dense: map[string][]float32{}, sparse: map[string]*api.SparseVector{}}
	for name, v := range p.GetVectors().GetVectors().GetVectors() {
		if err := c.parseVector(out, name, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *collection) parseVector(p *point, name string, v *api.Vector) error {
	if params, ok := c.config.GetVectorsConfig().GetParamsMap().GetMap()[name]; ok {
		data := v.GetDense().GetData()
		if uint64(len(data)) != params.Size {
			return invalid(fmt.Sprintf("Wrong input: Vector dimension error: expected dim: %d, got %d for vector '%s'", params.Size, len(data), name))
		}
		p.dense[name] = normalized(data)
		return nil
	}
	if _, ok := c.config.GetSparseVectorsConfig().GetMap()[name]; !ok {
		return invalid("Wrong input: Not existing vector name error: " + name)
	}
	indices := slices.Clone(v.GetSparse().GetIndices())
	slices.Sort(indices)
	if len(slices.Compact(indices)) != len(v.GetSparse().GetIndices()) || len(v.GetSparse().GetValues()) != len(v.GetSparse().GetIndices()) {
		return invalid("Validation error: indices must be unique")
	}
	p.sparse[name] = v.GetSparse()
	return nil
}

// normalized is what the server keeps of a vector under cosine; it does not look for NaN.
func normalized(v []float32) []float32 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	out := slices.Clone(v)
	if sum == 0 {
		return out
	}
	for i := range out {
		out[i] = float32(float64(out[i]) / math.Sqrt(sum))
	}
	return out
}

// selected are the points of a selector; an empty filter selects all.
func (c *collection) selected(sel *api.PointsSelector) ([]*point, error) {
	switch s := sel.GetPointsSelectorOneOf().(type) {
	case *api.PointsSelector_Filter:
		return c.matching(s.Filter), nil
	case *api.PointsSelector_Points:
		var out []*point
		for _, id := range s.Points.GetIds() {
			if p := c.points[id.GetUuid()]; p != nil {
				out = append(out, p)
			}
		}
		return out, nil
	}
	return nil, invalid("PointsSelector is missing")
}

// matching are the points that a filter matches, by id.
func (c *collection) matching(f *api.Filter) []*point {
	var out []*point
	for _, id := range slices.Sorted(maps.Keys(c.points)) {
		if p := c.points[id]; matches(f, p) {
			out = append(out, p)
		}
	}
	return out
}

func (h pointService) Delete(_ context.Context, r *api.DeletePoints) (*api.PointsOperationResponse, error) {
	return on(h.s, r.CollectionName, r.GetPoints().GetFilter(), func(c *collection) (*api.PointsOperationResponse, error) {
		gone, err := c.selected(r.Points)
		if err != nil {
			return nil, err
		}
		for _, p := range gone {
			delete(c.points, p.id)
		}
		return done(r.Wait)
	})
}

// SetPayload replaces each point, so that answers under way keep the old payload.
func (h pointService) SetPayload(_ context.Context, r *api.SetPayloadPoints) (*api.PointsOperationResponse, error) {
	return on(h.s, r.CollectionName, r.GetPointsSelector().GetFilter(), func(c *collection) (*api.PointsOperationResponse, error) {
		selected, err := c.selected(r.PointsSelector)
		if err != nil {
			return nil, err
		}
		for _, p := range selected {
			next := *p
			next.payload = maps.Clone(p.payload)
			maps.Copy(next.payload, r.Payload)
			c.points[p.id] = &next
		}
		return done(r.Wait)
	})
}

// CreateFieldIndex replaces an index of another type without a word.
func (h pointService) CreateFieldIndex(_ context.Context, r *api.CreateFieldIndexCollection) (*api.PointsOperationResponse, error) {
	return on(h.s, r.CollectionName, nil, func(c *collection) (*api.PointsOperationResponse, error) {
		types := map[api.FieldType]api.PayloadSchemaType{
			api.FieldType_FieldTypeKeyword: api.PayloadSchemaType_Keyword, api.FieldType_FieldTypeInteger: api.PayloadSchemaType_Integer,
			api.FieldType_FieldTypeFloat: api.PayloadSchemaType_Float, api.FieldType_FieldTypeBool: api.PayloadSchemaType_Bool,
			api.FieldType_FieldTypeDatetime: api.PayloadSchemaType_Datetime,
		}
		c.indexes[r.FieldName] = &api.PayloadSchemaInfo{DataType: types[r.GetFieldType()], Params: r.FieldIndexParams}
		return done(r.Wait)
	})
}

func (h pointService) Get(_ context.Context, r *api.GetPoints) (*api.GetResponse, error) {
	return on(h.s, r.CollectionName, nil, func(c *collection) (*api.GetResponse, error) {
		out := &api.GetResponse{}
		seen := map[string]bool{}
		for _, id := range r.Ids {
			if p := c.points[id.GetUuid()]; p != nil && !seen[p.id] {
				seen[p.id] = true
				out.Result = append(out.Result, retrieved(p, r.WithPayload, r.WithVectors))
			}
		}
		return out, nil
	})
}

func (h pointService) Scroll(_ context.Context, r *api.ScrollPoints) (*api.ScrollResponse, error) {
	return on(h.s, r.CollectionName, r.Filter, func(c *collection) (*api.ScrollResponse, error) {
		limit := 10
		if r.Limit != nil {
			limit = int(*r.Limit)
		}
		out := &api.ScrollResponse{}
		for _, p := range c.matching(r.Filter) {
			if r.Offset != nil && strings.Compare(p.id, r.Offset.GetUuid()) < 0 {
				continue
			}
			if len(out.Result) == limit {
				out.NextPageOffset = api.NewID(p.id)
				break
			}
			out.Result = append(out.Result, retrieved(p, r.WithPayload, r.WithVectors))
		}
		return out, nil
	})
}

func (h pointService) Count(_ context.Context, r *api.CountPoints) (*api.CountResponse, error) {
	return on(h.s, r.CollectionName, r.Filter, func(c *collection) (*api.CountResponse, error) {
		return &api.CountResponse{Result: &api.CountResult{Count: uint64(len(c.matching(r.Filter)))}}, nil
	})
}

// Facet counts the values of an integer field that has an index with look-up.
func (h pointService) Facet(_ context.Context, r *api.FacetCounts) (*api.FacetResponse, error) {
	return on(h.s, r.CollectionName, r.Filter, func(c *collection) (*api.FacetResponse, error) {
		if !c.indexes[r.Key].GetParams().GetIntegerIndexParams().GetLookup() {
			return nil, invalid("Bad request: facet needs an index with look-up: " + r.Key)
		}
		counts := map[int64]uint64{}
		for _, p := range c.matching(r.Filter) {
			for _, v := range valuesAt(p.payload, r.Key) {
				counts[v.GetIntegerValue()]++
			}
		}
		limit := uint64(10)
		if r.Limit != nil {
			limit = *r.Limit
		}
		out := &api.FacetResponse{}
		for v, n := range counts {
			out.Hits = append(out.Hits, &api.FacetHit{Value: &api.FacetValue{Variant: &api.FacetValue_IntegerValue{IntegerValue: v}}, Count: n})
		}
		slices.SortFunc(out.Hits, func(a, b *api.FacetHit) int { return cmp.Compare(b.Count, a.Count) })
		out.Hits = out.Hits[:min(uint64(len(out.Hits)), limit)]
		return out, nil
	})
}

func retrieved(p *point, wp *api.WithPayloadSelector, wv *api.WithVectorsSelector) *api.RetrievedPoint {
	return &api.RetrievedPoint{Id: api.NewID(p.id), Payload: payloadOf(p, wp), Vectors: vectorsOf(p, wv)}
}

func payloadOf(p *point, w *api.WithPayloadSelector) map[string]*api.Value {
	if include := w.GetInclude(); include != nil {
		out := map[string]*api.Value{}
		for _, f := range include.Fields {
			if v, ok := p.payload[f]; ok {
				out[f] = v
			}
		}
		return out
	}
	if w.GetEnable() {
		return maps.Clone(p.payload)
	}
	return nil
}

func vectorsOf(p *point, w *api.WithVectorsSelector) *api.VectorsOutput {
	names := w.GetInclude().GetNames()
	if len(names) == 0 {
		return nil
	}
	out := map[string]*api.VectorOutput{}
	for _, name := range names {
		if v := p.dense[name]; v != nil {
			out[name] = &api.VectorOutput{Vector: &api.VectorOutput_Dense{Dense: &api.DenseVector{Data: v}}}
		}
		if v := p.sparse[name]; v != nil {
			out[name] = &api.VectorOutput{Vector: &api.VectorOutput_Sparse{Sparse: proto.CloneOf(v)}}
		}
	}
	return &api.VectorsOutput{VectorsOptions: &api.VectorsOutput_Vectors{Vectors: &api.NamedVectorsOutput{Vectors: out}}}
}
