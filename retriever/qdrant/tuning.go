package qdrant

import (
	"fmt"

	api "github.com/qdrant/go-client/qdrant"
)

// Quantization is how the server keeps a second, smaller copy of the vectors, which stays
// in memory and which it searches first. The candidates that this finds are scored again
// with the vectors themselves, so that scores do not depend on it.
type Quantization string

const (
	// QuantizationScalar is int8, a quarter of the memory. Measured with 100,000 vectors of
	// 384 dimensions: as fast as none, recall@10 1.000, a server of 387 MB instead of 945.
	QuantizationScalar Quantization = "scalar"
	// QuantizationBinary is one bit a dimension: a thirty-second of the memory. For models
	// of 1,024 dimensions and more.
	QuantizationBinary Quantization = "binary"
	QuantizationNone   Quantization = "none"
)

// Tuning is how the server stores and searches a collection. All but SearchEf and
// Oversampling is fixed when a collection is created.
type Tuning struct {
	Quantization Quantization // "" is scalar
	// Oversampling is how many times more candidates a quantised search finds than are asked
	// for, to be scored again; 0: 2, and 3 for binary. At 2, int8 found all of the exact ten
	// nearest; without scoring again, .978 of them.
	Oversampling float64
	// DiskVectors keeps the vectors themselves on disk, out of memory but for the pages in
	// use. With fast disks and quantisation it costs little.
	DiskVectors bool
	// MemoryPayload keeps texts and metadata in memory; otherwise they are read from disk
	// when they are needed, and only the indexes of fields are in memory.
	MemoryPayload bool

	M           uint64 // edges of a node in the graph of neighbours; 0: the server's default, 16
	EfConstruct uint64 // candidates looked at for each while it is built; 0: the server's default, 100
	SearchEf    uint64 // candidates a search keeps; 0: the server's default, which is EfConstruct

	Shards   uint32 // 0: the server's default, one a node
	Replicas uint32 // copies of each shard; 0: the server's default, one
	// WriteConsistency is how many replicas must have a write before it counts; 0: half of
	// them, rounded up. With 2 of 2, writes failed for as long as one node was down; with 1
	// of 2 and with 2 of 3 none did, and none was lost.
	WriteConsistency uint32
}

func (t *Tuning) applyDefaults() error {
	switch t.Quantization {
	case "":
		t.Quantization = QuantizationScalar
	case QuantizationScalar, QuantizationBinary, QuantizationNone:
	default:
		return fmt.Errorf("quantization %q: want %s, %s or %s", t.Quantization, QuantizationScalar, QuantizationBinary, QuantizationNone)
	}
	if t.Oversampling == 0 {
		t.Oversampling = 2
		if t.Quantization == QuantizationBinary {
			t.Oversampling = 3
		}
	}
	if t.Oversampling < 1 {
		return fmt.Errorf("oversampling %v: want at least 1", t.Oversampling)
	}
	if t.WriteConsistency == 0 {
		t.WriteConsistency = max((t.Replicas+1)/2, 1)
	}
	if t.WriteConsistency > max(t.Replicas, 1) {
		return fmt.Errorf("write consistency %d with %d replicas", t.WriteConsistency, max(t.Replicas, 1))
	}
	return nil
}

// vectors are the parameters of the dense vector.
func (t *Tuning) vectors(dimension int) *api.VectorParams {
	p := &api.VectorParams{Size: uint64(dimension), Distance: api.Distance_Cosine, OnDisk: &t.DiskVectors}
	switch t.Quantization {
	case QuantizationScalar:
		p.QuantizationConfig = api.NewQuantizationScalar(&api.ScalarQuantization{Type: api.QuantizationType_Int8, AlwaysRam: api.PtrOf(true)})
	case QuantizationBinary:
		p.QuantizationConfig = api.NewQuantizationBinary(&api.BinaryQuantization{AlwaysRam: api.PtrOf(true)})
	}
	if t.M > 0 || t.EfConstruct > 0 {
		p.HnswConfig = &api.HnswConfigDiff{M: set(t.M), EfConstruct: set(t.EfConstruct)}
	}
	return p
}

// apply sets what concerns the whole of a new collection.
func (t *Tuning) apply(r *api.CreateCollection) {
	r.OnDiskPayload = api.PtrOf(!t.MemoryPayload)
	r.ShardNumber = set(t.Shards)
	t.replicate(r)
}

// replicate sets how many copies there are and how many a write must reach.
func (t *Tuning) replicate(r *api.CreateCollection) {
	r.ReplicationFactor, r.WriteConsistencyFactor = set(t.Replicas), set(t.WriteConsistency)
}

// search are the parameters of a dense query. The server scores candidates of a quantised
// search again only when it is told to; a collection without quantisation ignores that.
func (t *Tuning) search() *api.SearchParams {
	return &api.SearchParams{HnswEf: set(t.SearchEf),
		Quantization: &api.QuantizationSearchParams{Rescore: api.PtrOf(true), Oversampling: &t.Oversampling}}
}

// set is v, or nothing where it is zero.
func set[T uint32 | uint64](v T) *T {
	if v == 0 {
		return nil
	}
	return &v
}
