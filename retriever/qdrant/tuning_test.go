package qdrant_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
	"ragway/retriever/qdrant"
)

// created is how the server says that a collection made with a tuning is kept.
type created struct {
	quantization                   string
	vectorsOnDisk, payloadOnDisk   bool
	m, efConstruct                 uint64
	shards, replicas, consistency  uint32
	strict, unindexedReads, writes bool
	tenant                         bool
}

func TestTuningReachesTheServer(t *testing.T) {
	address := server(t)
	for _, tc := range []struct {
		name   string
		tuning qdrant.Tuning
		want   created
	}{
		{"defaults", qdrant.Tuning{}, created{quantization: "int8", payloadOnDisk: true, shards: 1, replicas: 1, consistency: 1}},
		{"binary, elsewhere", qdrant.Tuning{Quantization: qdrant.QuantizationBinary, DiskVectors: true, MemoryPayload: true, M: 8, EfConstruct: 50, SearchEf: 64, Shards: 3},
			created{quantization: "binary", vectorsOnDisk: true, m: 8, efConstruct: 50, shards: 3, replicas: 1, consistency: 1}},
		{"none, copies", qdrant.Tuning{Quantization: qdrant.QuantizationNone, Replicas: 3},
			created{quantization: "none", payloadOnDisk: true, shards: 1, replicas: 3, consistency: 2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			prefix := newPrefix()
			t.Cleanup(func() { drop(t, address, prefix) })
			store, err := qdrant.Open(t.Context(), qdrant.Options{Addresses: []string{address}, CollectionPrefix: prefix, Tuning: tc.tuning})
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			if err := store.CreateCollection(t.Context(), retriever.Collection{Name: "docs", Fingerprint: testSpace}); err != nil {
				t.Fatal(err)
			}
			put(t, store, []retriever.Upsert{document("a", "shared")})
			set, err := store.Candidates(t.Context(), retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "shared", Vector: retriever.Vector{1, 0}, Depth: 5})
			if err != nil || len(set.Candidates) != 1 {
				t.Errorf("%d candidates, error %v", len(set.Candidates), err)
			}
			tc.want.strict, tc.want.tenant = true, true
			if diff := cmp.Diff(tc.want, kept(t, address, prefix+"docs"), cmp.AllowUnexported(created{})); diff != "" {
				t.Errorf("the collection (-want +got):\n%s", diff)
			}
		})
	}
}

func kept(t *testing.T, address, collection string) created {
	t.Helper()
	info, err := rawClient(t, address).GetCollectionInfo(context.Background(), collection)
	if err != nil {
		t.Fatal(err)
	}
	params, strict := info.GetConfig().GetParams(), info.GetConfig().GetStrictModeConfig()
	dense := params.GetVectorsConfig().GetParamsMap().GetMap()["dense"]
	c := created{quantization: "none", vectorsOnDisk: dense.GetOnDisk(), payloadOnDisk: params.GetOnDiskPayload(),
		m: dense.GetHnswConfig().GetM(), efConstruct: dense.GetHnswConfig().GetEfConstruct(),
		shards: params.GetShardNumber(), replicas: params.GetReplicationFactor(), consistency: params.GetWriteConsistencyFactor(),
		strict: strict.GetEnabled(), unindexedReads: strict.GetUnindexedFilteringRetrieve(), writes: strict.GetUnindexedFilteringUpdate(),
		tenant: info.GetPayloadSchema()["tenant"].GetParams().GetKeywordIndexParams().GetIsTenant()}
	switch q := dense.GetQuantizationConfig(); {
	case q.GetScalar().GetType() == api.QuantizationType_Int8:
		c.quantization = "int8"
	case q.GetBinary() != nil:
		c.quantization = "binary"
	}
	return c
}

// Quantised candidates are scored again only when each query asks for it.
func TestEveryDenseQueryAsksForRescoring(t *testing.T) {
	p := newPeer(t)
	store := p.open(qdrant.Options{Tuning: qdrant.Tuning{SearchEf: 64, Quantization: qdrant.QuantizationBinary}})
	p.put(document("a", "shared"))
	p.server.SetIndexed(1)
	seen := 0
	p.on(api.Points_QueryBatch_FullMethodName, func(req any, handle func() (any, error)) (any, error) {
		for _, q := range req.(*api.QueryBatchPoints).QueryPoints {
			if q.GetUsing() != "dense" || q.GetParams().GetExact() {
				continue
			}
			seen++
			params := q.GetParams()
			if !params.GetQuantization().GetRescore() || params.GetQuantization().GetOversampling() != 3 || params.GetHnswEf() != 64 {
				t.Errorf("a dense query with %v", params)
			}
		}
		return handle()
	})
	_, err := store.Candidates(p.ctx, retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Vector: retriever.Vector{1, 0}, Depth: 1})
	p.must(err)
	_, err = store.Collection(p.ctx, retriever.Operator(), "docs") // measures recall
	p.must(err)
	if seen < 2 {
		t.Errorf("%d dense queries seen, want one of the search and one of the estimate", seen)
	}
}

func TestTuningThatMakesNoSenseIsRefused(t *testing.T) {
	for want, tuning := range map[string]qdrant.Tuning{
		"quantization":      {Quantization: "product"},
		"oversampling":      {Oversampling: 0.5},
		"write consistency": {Replicas: 2, WriteConsistency: 3},
	} {
		_, err := qdrant.Open(t.Context(), qdrant.Options{Addresses: []string{"127.0.0.1:1"}, Tuning: tuning})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", tuning, err)
		}
	}
}
