package local

import (
	"math"
	"slices"

	"ragway/retriever"
)

// segmentChunks bounds a segment, and with it the memory that building one takes. Its last
// document may go beyond it.
const segmentChunks = 1 << 17

// segment is an immutable part of a collection's index. Documents and chunks are numbered
// from 0 in the order of their rows; the chunks of a document are consecutive.
type segment struct {
	rows  []int64  // of each document, ascending
	bytes []int64  // of each document's text
	first []uint32 // first chunk of each document, and one more: the number of chunks

	document []uint32   // of each chunk
	ids      [][16]byte // of each chunk
	byID     []uint32   // chunks, by ID
	lengths  []uint32   // of each chunk, in terms

	dimension int
	vectors   []int16   // [chunks × dimension], row-major, see encodeFixed; nil when no chunk has one
	scales    []float32 // of each chunk's vector
	hasVector bitset    // chunks; nil when vectors is
	codes     *codes    // nil: the vectors themselves are scanned

	terms    map[string]uint32 // number of each term
	offsets  []uint32          // postings of term t are [offsets[t], offsets[t+1])
	postings []uint32          // chunks, ascending within a term
	counts   []uint16          // frequency of the term in each
	bounds   []float32         // highest saturated frequency of each term, at averageLength
	average  float64           // averageLength that bounds were computed with

	fields     map[string]*field
	tenants    values[string]
	principals values[string]
	public     bitset // documents with an empty access list
}

// field is one metadata field; booleans are the numbers 0 and 1.
type field struct {
	strings values[string]
	numbers values[float64]
	dates   values[int64] // of the strings that are dates, microseconds since 1970
}

func (s *segment) documents() int { return len(s.rows) }
func (s *segment) chunks() int    { return len(s.ids) }

func (s *segment) vector(chunk uint32) []int16 {
	return s.vectors[int(chunk)*s.dimension : (int(chunk)+1)*s.dimension]
}

// cosine is that of the query and the chunk's vector.
func (s *segment) cosine(q fixedQuery, chunk uint32) float64 {
	return float64(q.product(s.vector(chunk))) * q.scale * float64(s.scales[chunk])
}

// decodeVector fills v with the chunk's vector.
func (s *segment) decodeVector(v []float32, chunk uint32) {
	for i, x := range s.vector(chunk) {
		v[i] = float32(x) * s.scales[chunk]
	}
}

// find is the number of the document at row.
func (s *segment) find(row int64) (document int, found bool) { return slices.BinarySearch(s.rows, row) }

// segmentBuilder collects documents in ascending order of rows.
type segmentBuilder struct {
	segment
	params     bm25
	occurs     []occurrence
	fieldPairs map[string]*fieldPairs
	tenants    []valueOf[string]
	principals []valueOf[string]
	openDocs   []uint32
}

type occurrence struct {
	term, chunk uint32
	count       uint16
}

type fieldPairs struct {
	strings []valueOf[string]
	numbers []valueOf[float64]
	dates   []valueOf[int64]
}

func newSegmentBuilder(dimension int, params bm25) *segmentBuilder {
	return &segmentBuilder{
		segment: segment{dimension: dimension, terms: map[string]uint32{}, first: []uint32{0}},
		params:  params, fieldPairs: map[string]*fieldPairs{},
	}
}

// documentEntry is what the index knows of a document beside its chunks.
type documentEntry struct {
	row      int64
	bytes    int64
	tenant   string
	acl      []string
	metadata retriever.Metadata
}

func (b *segmentBuilder) addDocument(d documentEntry) {
	n := uint32(len(b.rows))
	b.rows, b.bytes = append(b.rows, d.row), append(b.bytes, d.bytes)
	b.first = append(b.first, uint32(len(b.ids)))
	b.tenants = append(b.tenants, valueOf[string]{d.tenant, n})
	if len(d.acl) == 0 {
		b.openDocs = append(b.openDocs, n)
	}
	for _, p := range d.acl {
		b.principals = append(b.principals, valueOf[string]{p, n})
	}
	for key, v := range d.metadata {
		b.addValue(key, v, n)
	}
}

func (b *segmentBuilder) addValue(key string, v any, document uint32) {
	if list, ok := v.([]any); ok {
		for _, e := range list {
			b.addValue(key, e, document)
		}
		return
	}
	pairs := b.pairs(key)
	switch v := v.(type) {
	case string:
		pairs.strings = append(pairs.strings, valueOf[string]{v, document})
		if at, ok := retriever.ParseDate(v); ok {
			pairs.dates = append(pairs.dates, valueOf[int64]{at.UnixMicro(), document})
		}
	case float64, bool:
		pairs.numbers = append(pairs.numbers, valueOf[float64]{number(v), document})
	}
}

func (b *segmentBuilder) pairs(key string) *fieldPairs {
	p := b.fieldPairs[key]
	if p == nil {
		p = &fieldPairs{}
		b.fieldPairs[key] = p
	}
	return p
}

// number is a numeric or boolean value as its field keeps it.
func number(v any) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case bool:
		if v {
			return 1
		}
	}
	return 0
}

// addChunk adds a chunk to the last document and returns its number.
func (b *segmentBuilder) addChunk(id [16]byte, length uint32, hasVector bool) uint32 {
	n := b.addChunkTo(uint32(len(b.rows)-1), id, length, hasVector)
	b.first[len(b.first)-1] = n + 1
	return n
}

// addChunkTo adds a chunk and leaves it to the caller to note where its document ends.
func (b *segmentBuilder) addChunkTo(document uint32, id [16]byte, length uint32, hasVector bool) uint32 {
	n := uint32(len(b.ids))
	b.ids, b.lengths = append(b.ids, id), append(b.lengths, length)
	b.document = append(b.document, document)
	if b.dimension > 0 {
		b.growVectors(n, hasVector)
	}
	return n
}

// growVectors makes room for the chunk's vector, from the first chunk on that has one.
func (b *segmentBuilder) growVectors(chunk uint32, hasVector bool) {
	if b.vectors == nil && !hasVector {
		return
	}
	if need := (int(chunk) + 1) * b.dimension; cap(b.vectors) < need {
		b.vectors = slices.Grow(b.vectors, need-len(b.vectors))
	}
	b.vectors = b.vectors[:(int(chunk)+1)*b.dimension]
	for len(b.scales) <= int(chunk) {
		b.scales = append(b.scales, 0)
	}
	for len(b.hasVector) <= int(chunk>>6) {
		b.hasVector = append(b.hasVector, 0)
	}
	if hasVector {
		b.hasVector.set(chunk)
	}
}

func (b *segmentBuilder) setVector(chunk uint32, v retriever.Vector) {
	b.scales[chunk] = encodeFixed(b.vector(chunk), v)
}

func (b *segmentBuilder) addTerm(chunk uint32, term []byte, count uint16) {
	t, known := b.terms[string(term)]
	if !known {
		t = b.newTerm(string(term))
	}
	b.occurs = append(b.occurs, occurrence{t, chunk, count})
}

func (b *segmentBuilder) newTerm(term string) uint32 {
	t := uint32(len(b.terms))
	b.terms[term] = t
	return t
}

func (b *segmentBuilder) build() *segment {
	s := b.segment
	s.public = newBitset(len(s.rows))
	for _, d := range b.openDocs {
		s.public.set(d)
	}
	s.tenants, s.principals = newValues(b.tenants), newValues(b.principals)
	s.fields = make(map[string]*field, len(b.fieldPairs))
	for key, p := range b.fieldPairs {
		s.fields[key] = &field{strings: newValues(p.strings), numbers: newValues(p.numbers), dates: newValues(p.dates)}
	}
	if s.vectors != nil {
		s.vectors = slices.Clip(s.vectors)
		for len(s.hasVector) < (len(s.ids)+63)/64 {
			s.hasVector = append(s.hasVector, 0)
		}
	}
	s.sortByID()
	s.addCodes()
	s.invert(b.occurs)
	s.bound(b.params)
	return &s
}

// invert sorts the occurrences into postings by term. Within a term they are in order of
// chunks already: of one document after the other, of one merged part after the other.
func (s *segment) invert(occurs []occurrence) {
	s.offsets = make([]uint32, len(s.terms)+1)
	for _, o := range occurs {
		s.offsets[o.term+1]++
	}
	for t := range len(s.terms) {
		s.offsets[t+1] += s.offsets[t]
	}
	s.postings, s.counts = make([]uint32, len(occurs)), make([]uint16, len(occurs))
	next := slices.Clone(s.offsets)
	for _, o := range occurs {
		at := next[o.term]
		next[o.term]++
		s.postings[at], s.counts[at] = o.chunk, o.count
	}
}

// bound finds the highest saturated frequency of each term, for MaxScore.
func (s *segment) bound(params bm25) {
	total := 0.0
	for _, l := range s.lengths {
		total += float64(l)
	}
	s.average = max(1, total/max(1, float64(len(s.lengths))))
	s.bounds = make([]float32, len(s.terms))
	for t := range s.bounds {
		highest := 0.0
		for i := s.offsets[t]; i < s.offsets[t+1]; i++ {
			highest = max(highest, params.saturate(s.counts[i], s.lengths[s.postings[i]], s.average))
		}
		s.bounds[t] = math.Nextafter32(float32(highest), math.MaxFloat32)
	}
}
