package local

import (
	"cmp"
	"context"
	"runtime"
	"slices"
)

// compactAt is the share of deleted chunks from which a segment is rewritten.
const compactAt = 0.25

// merge rewrites segments until every index is in good shape. It builds beside the
// readers and writers and takes the lock only to put the result in place.
func (s *Store) merge(ctx context.Context) error {
	for name, c := range s.current.Load().collections {
		for x := c.index; x != nil; {
			from, to := x.worthMerging(s.opts.segmentChunks)
			if from == to {
				break
			}
			old := x.parts[from:to]
			merged := s.kept(mergeParts(old, x.dimension, x.params), x.of)
			var err error
			if x, err = s.install(ctx, name, old, merged); err != nil {
				return err
			}
			s.dropFiles(x != nil, old, merged)
		}
	}
	return nil
}

// install puts merged in the place of the parts it was made of and returns the index that
// it is now in; nil when those parts are no longer there.
func (s *Store) install(ctx context.Context, name string, old []*part, merged *segment) (*index, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.unlock()
	now := s.current.Load()
	c := now.collections[name]
	if c == nil || c.index == nil {
		return nil, nil
	}
	x := c.index.replacing(old, merged)
	if x == nil {
		return nil, nil
	}
	changed := *c
	changed.index = x
	s.current.Store(now.replacing(&changed))
	return x, nil
}

// dropFiles removes the files that a merge has left without use.
func (s *Store) dropFiles(installed bool, old []*part, merged *segment) {
	if merged.file == "" {
		return // the old ones still say all but what was deleted
	}
	if !installed {
		s.removeSegment(merged.file, "made in vain")
		return
	}
	for _, p := range old {
		if p.file != "" {
			s.removeSegment(p.file, "merged")
		}
	}
}

// worthMerging is a run of parts to make one of: the tail while it has grown to at least
// half of what stands before it, of at most that many chunks, or one part with many
// deletions. from == to: none.
func (x *index) worthMerging(most int) (from, to int) {
	for i, p := range x.parts {
		if dead := p.chunks() - p.nChunks; p.live != nil && float64(dead) >= compactAt*float64(p.chunks()) {
			return i, i + 1
		}
	}
	size := 0
	for i := len(x.parts) - 1; i > 0; i-- {
		size += x.parts[i].nChunks
		before := x.parts[i-1].nChunks
		if 2*size >= before && size+before <= most {
			return i - 1, len(x.parts)
		}
	}
	return 0, 0
}

// replacing is x with merged in the place of the parts whose segments are those of old.
// Deletions since then are carried over. It is nil when x has other parts by now.
func (x *index) replacing(old []*part, merged *segment) *index {
	at := slices.IndexFunc(x.parts, func(p *part) bool { return p.segment == old[0].segment })
	if at < 0 || at+len(old) > len(x.parts) {
		return nil
	}
	var removed []int64
	for i, before := range old {
		p := x.parts[at+i]
		if p.segment != before.segment {
			return nil
		}
		if p.live != nil {
			for d, row := range p.rows {
				if !p.live.has(uint32(d)) {
					removed = append(removed, row)
				}
			}
		}
	}
	out := &index{dimension: x.dimension, params: x.params, of: x.of}
	out.parts = append(out.parts, x.parts[:at]...)
	if p := newPart(merged).without(removed); p.nDocuments > 0 {
		out.parts = append(out.parts, p)
	}
	out.parts = append(out.parts, x.parts[at+len(old):]...)
	return out
}

// mergeParts is one segment of the live documents of parts.
func mergeParts(parts []*part, dimension int, params bm25) *segment {
	b := newSegmentBuilder(dimension, params)
	chunks := make([][]uint32, len(parts))
	for i, p := range parts {
		numbers := b.copyDocuments(p)
		b.copyFields(p, numbers)
		chunks[i] = b.copyChunks(p, numbers)
	}
	b.postings = mergePostings(parts, chunks, params, b.lengths)
	merged := b.finish()
	runtime.KeepAlive(parts)
	return merged
}

// gone stands for a document or chunk that is not copied.
const gone = ^uint32(0)

// copyDocuments copies the live documents without chunks and fields, and returns their
// new numbers.
func (b *segmentBuilder) copyDocuments(p *part) []uint32 {
	numbers := make([]uint32, p.documents())
	for d := range numbers {
		if p.live != nil && !p.live.has(uint32(d)) {
			numbers[d] = gone
			continue
		}
		numbers[d] = uint32(len(b.rows))
		b.rows, b.marks, b.bytes = append(b.rows, p.rows[d]), append(b.marks, p.marks[d]), append(b.bytes, p.bytes[d])
		b.first = append(b.first, 0) // set by copyChunks
		if p.public.has(uint32(d)) {
			b.openDocs = append(b.openDocs, numbers[d])
		}
	}
	return numbers
}

// copyChunks copies the chunks of the documents that have new numbers, without their
// terms, and returns the chunks' new numbers.
func (b *segmentBuilder) copyChunks(p *part, documents []uint32) []uint32 {
	numbers := make([]uint32, p.chunks())
	for d, document := range documents {
		for c := p.first[d]; c < p.first[d+1]; c++ {
			if document == gone {
				numbers[c] = gone
				continue
			}
			has := p.hasVector != nil && p.hasVector.has(c)
			numbers[c] = b.addChunkTo(document, p.ids[c], p.lengths[c], has)
			if has {
				copy(b.vector(numbers[c]), p.vector(c))
				b.scales[numbers[c]] = p.scales[c]
			}
		}
		if document != gone {
			b.first[document+1] = uint32(len(b.ids))
		}
	}
	return numbers
}

func (b *segmentBuilder) copyFields(p *part, documents []uint32) {
	copyValues[string](&p.tenants, documents, &b.tenants)
	copyValues[string](&p.principals, documents, &b.principals)
	for key, f := range p.fields {
		pairs := b.pairs(key)
		copyValues[string](&f.strings, documents, &pairs.strings)
		copyValues[float64](&f.numbers, documents, &pairs.numbers)
		copyValues[int64](&f.dates, documents, &pairs.dates)
	}
}

// pairsOf yields the values of a field with their documents.
type pairsOf[V cmp.Ordered] interface{ each(func(V, uint32)) }

func copyValues[V cmp.Ordered](from pairsOf[V], documents []uint32, to *[]valueOf[V]) {
	from.each(func(v V, d uint32) {
		if n := documents[d]; n != gone {
			*to = append(*to, valueOf[V]{v, n})
		}
	})
}
