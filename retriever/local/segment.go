package local

import (
	"maps"
	"slices"

	"ragway/retriever"
)

// segmentChunks bounds a segment, and with it the memory that building one takes. Its last
// document may go beyond it.
const segmentChunks = 1 << 17

// segment is an immutable part of a collection's index. Documents and chunks are numbered
// from 0 in the order of their rows; the chunks of a document are consecutive.
//
// Its slices lie in the heap or in a mapped segment file, which ends with the segment:
// whoever reads them keeps the segment, or an index that has it, alive meanwhile, with
// runtime.KeepAlive.
type segment struct {
	rows  []int64  // of each document, ascending
	marks []int64  // of each document's row, see the table document_marks
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

	postings

	fields     map[string]*field
	tenants    textValues
	principals textValues
	public     bitset // documents with an empty access list

	// What holds for all of the segment, so that queries need not look, see derive.
	everyVector bool // each chunk has a vector
	oneEach     bool // each document has one chunk
	oneTenant   bool // all documents are of one

	file string // name of the segment file that the slices lie in; "": none
}

// field is one metadata field; booleans are the numbers 0 and 1.
type field struct {
	strings textValues
	numbers values[float64]
	dates   values[int64] // of the strings that are dates, microseconds since 1970
}

// arrays are the segment's slices in the order of a segment file. Of codes and fields there
// must be those that are to be read.
func (s *segment) arrays() []array {
	out := []array{
		arrayOf(&s.rows), arrayOf(&s.marks), arrayOf(&s.bytes), arrayOf(&s.first),
		arrayOf(&s.document), arrayOf(&s.ids), arrayOf(&s.byID), arrayOf(&s.lengths),
		arrayOf(&s.vectors), arrayOf(&s.scales), arrayOf((*[]uint64)(&s.hasVector)),
	}
	if s.codes != nil {
		out = append(out, s.codes.arrays()...)
	}
	out = append(out, s.postings.arrays()...)
	out = append(out, s.tenants.arrays()...)
	out = append(out, s.principals.arrays()...)
	out = append(out, arrayOf((*[]uint64)(&s.public)))
	for _, name := range slices.Sorted(maps.Keys(s.fields)) {
		f := s.fields[name]
		out = append(out, f.strings.arrays()...)
		out = append(out, f.numbers.arrays()...)
		out = append(out, f.dates.arrays()...)
	}
	return out
}

// derive fills in what follows from the arrays.
func (s *segment) derive() {
	s.everyVector = s.hasVector.count() == s.chunks()
	s.oneTenant = s.tenants.len() == 1
	s.oneEach = s.chunks() == s.documents()
	for d := 0; s.oneEach && d < s.documents(); d++ {
		s.oneEach = int(s.first[d]) == d
	}
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
	occurs     occurrences
	fieldPairs map[string]*fieldPairs
	tenants    []valueOf[string]
	principals []valueOf[string]
	openDocs   []uint32
}

type fieldPairs struct {
	strings []valueOf[string]
	numbers []valueOf[float64]
	dates   []valueOf[int64]
}

func newSegmentBuilder(dimension int, params bm25) *segmentBuilder {
	return &segmentBuilder{
		segment: segment{dimension: dimension, first: []uint32{0}},
		params:  params, occurs: occurrences{numbers: map[string]uint32{}}, fieldPairs: map[string]*fieldPairs{},
	}
}

// documentEntry is what the index knows of a document beside its chunks.
type documentEntry struct {
	row      int64
	mark     int64
	bytes    int64
	tenant   string
	acl      []string
	metadata retriever.Metadata
}

func (b *segmentBuilder) addDocument(d documentEntry) {
	n := uint32(len(b.rows))
	b.rows, b.marks, b.bytes = append(b.rows, d.row), append(b.marks, d.mark), append(b.bytes, d.bytes)
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

// addTerm adds a term to a chunk, the chunks in order.
func (b *segmentBuilder) addTerm(chunk uint32, term []byte, count uint16) {
	b.occurs.add(chunk, term, count)
}

func (b *segmentBuilder) build() *segment {
	b.postings = b.occurs.invert(b.params, b.lengths)
	return b.finish()
}

// finish is the segment, whose postings are made.
func (b *segmentBuilder) finish() *segment {
	s := b.segment
	s.public = newBitset(len(s.rows))
	for _, d := range b.openDocs {
		s.public.set(d)
	}
	s.tenants, s.principals = newTexts(b.tenants), newTexts(b.principals)
	s.fields = make(map[string]*field, len(b.fieldPairs))
	for key, p := range b.fieldPairs {
		s.fields[key] = &field{strings: newTexts(p.strings), numbers: newValues(p.numbers), dates: newValues(p.dates)}
	}
	if s.vectors != nil {
		s.vectors = slices.Clip(s.vectors)
		for len(s.hasVector) < (len(s.ids)+63)/64 {
			s.hasVector = append(s.hasVector, 0)
		}
	}
	s.sortByID()
	s.addCodes()
	s.derive()
	return &s
}
