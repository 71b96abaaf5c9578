package local

import (
	"slices"

	"ragway/retriever"
)

// index is a collection's index at one moment, immutable.
type index struct {
	dimension int
	params    bm25
	of        segmentOf // what segment files of it say they are of
	parts     []*part   // ascending rows

	sample sample // see background
}

// part is a segment with what is deleted from it.
type part struct {
	*segment
	live        bitset // documents; nil: all
	liveChunks  bitset // their chunks; nil: all
	nDocuments  int    // live ones
	nChunks     int
	nVectors    int
	totalLength uint64
	nBytes      int64
	counted     *frequencies
}

// chunkRef names a chunk within an index.
type chunkRef struct{ part, chunk uint32 }

func newPart(s *segment) *part {
	p := &part{segment: s, nDocuments: s.documents(), nChunks: s.chunks(), nVectors: s.hasVector.count(), counted: &frequencies{}}
	for _, l := range s.lengths {
		p.totalLength += uint64(l)
	}
	for _, b := range s.bytes {
		p.nBytes += b
	}
	return p
}

// without is p with the documents at rows deleted; p itself when it has none of them.
func (p *part) without(rows []int64) *part {
	var out *part
	for _, row := range rows {
		d, found := p.find(row)
		if !found || (out == nil && p.live != nil && !p.live.has(uint32(d))) || (out != nil && !out.live.has(uint32(d))) {
			continue
		}
		if out == nil {
			out = p.cloned()
		}
		out.remove(uint32(d))
	}
	if out == nil {
		return p
	}
	return out
}

// cloned is a copy of p with bitmaps of its own.
func (p *part) cloned() *part {
	out := *p
	out.counted = &frequencies{}
	if p.live == nil {
		out.live, out.liveChunks = fullBitset(p.documents()), fullBitset(p.chunks())
	} else {
		out.live, out.liveChunks = slices.Clone(p.live), slices.Clone(p.liveChunks)
	}
	return &out
}

func (p *part) remove(document uint32) {
	p.live[document>>6] &^= 1 << (document & 63)
	lo, hi := p.first[document], p.first[document+1]
	p.liveChunks.clearRange(int(lo), int(hi))
	p.nDocuments--
	p.nBytes -= p.bytes[document]
	p.nChunks -= int(hi - lo)
	for c := lo; c < hi; c++ {
		p.totalLength -= uint64(p.lengths[c])
		if p.hasVector != nil && p.hasVector.has(c) {
			p.nVectors--
		}
	}
}

// with is x with the documents at the removed rows deleted and new segments appended.
func (x *index) with(added []*segment, removed []int64) *index {
	out := &index{dimension: x.dimension, params: x.params, of: x.of}
	for _, p := range x.parts {
		if p = p.without(removed); p.nDocuments > 0 {
			out.parts = append(out.parts, p)
		}
	}
	for _, s := range added {
		if s.documents() > 0 {
			out.parts = append(out.parts, newPart(s))
		}
	}
	return out
}

// totals are the live chunks and the sum of their lengths.
func (x *index) totals() (chunks int, length uint64) {
	for _, p := range x.parts {
		chunks, length = chunks+p.nChunks, length+p.totalLength
	}
	return chunks, length
}

// counts are of what the scope may see.
func (x *index) counts(scope retriever.Scope) (documents, chunks, vectors int, bytes int64) {
	for _, p := range x.parts {
		allowed := p.allowed(scope, nil)
		if allowed == nil {
			documents, chunks, vectors, bytes = documents+p.nDocuments, chunks+p.nChunks, vectors+p.nVectors, bytes+p.nBytes
			continue
		}
		documents += allowed.count()
		allowed.each(func(d uint32) {
			bytes += p.bytes[d]
			chunks += int(p.first[d+1] - p.first[d])
			for c := p.first[d]; p.hasVector != nil && c < p.first[d+1]; c++ {
				if p.hasVector.has(c) {
					vectors++
				}
			}
		})
	}
	return documents, chunks, vectors, bytes
}

// holds reports whether there is a document of the tenant.
func (x *index) holds(tenant string) bool {
	return slices.ContainsFunc(x.parts, func(p *part) bool {
		return slices.ContainsFunc(p.tenants.equal(tenant), func(d uint32) bool { return p.live == nil || p.live.has(d) })
	})
}

// row and ordinal of a chunk: where the file has it.
func (x *index) key(ref chunkRef) int64 {
	p := x.parts[ref.part]
	d := p.document[ref.chunk]
	return p.rows[d]<<chunkBits | int64(ref.chunk-p.first[d])
}

func (x *index) id(ref chunkRef) *[16]byte { return &x.parts[ref.part].ids[ref.chunk] }
