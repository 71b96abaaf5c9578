package local

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"ragway/retriever"
)

const (
	// scanBlock is how many rows are scanned between two looks at the context; a few
	// hundred microseconds' worth.
	scanBlock = 4096
	// shortlistLeast and shortlistPer results are how many of the best codes are scored
	// again, times what calibration found to be needed.
	shortlistLeast = 200
	shortlistPer   = 5
	// shortlistDoubling is the part by which the list grows with each doubling of the vectors
	// beyond a full segment's. Of 100,000 vectors like a model's, 200 codes hold the ten
	// nearest (recall 1.000) and 500 the hundred (.998); of 1,000,000, 400 and 1,000 do (1.000,
	// .999), and 200 and 500 do not (.975, .991).
	shortlistDoubling = 1.0 / 3
	// exactBelow times the shortlist is how few rows are not worth their codes.
	exactBelow = 2
)

// denseQuery is a query vector as the scans need it.
type denseQuery struct {
	k     int // results wanted
	exact fixedQuery
	codes []*codeQuery // of each part that has codes
	list  int          // length of the shortlist
}

func (x *index) newDenseQuery(query retriever.Vector, k int) *denseQuery {
	q := &denseQuery{k: k, exact: newFixedQuery(query), codes: make([]*codeQuery, len(x.parts)), list: max(shortlistLeast, shortlistPer*k)}
	var rotated []float32
	widen := 1
	for i, p := range x.parts {
		if p.codes == nil {
			continue
		}
		if rotated == nil {
			rotated = append(rotated, query...)
			coderOf(x.dimension).apply(rotated)
		}
		prepared := p.codes.query(rotated)
		q.codes[i] = &prepared
		widen = max(widen, p.codes.widen)
	}
	q.list = int(float64(q.list*widen) * x.widening())
	return q
}

// widening is by how much the shortlist is longer for the number of vectors.
func (x *index) widening() float64 {
	vectors := 0
	for _, p := range x.parts {
		vectors += p.nVectors
	}
	return 1 + shortlistDoubling*max(0, math.Log2(float64(max(1, vectors))/segmentChunks))
}

// block is a range of one part's chunks.
type block struct {
	part, from, to uint32
	exact          bool
}

// nearest are the allowed chunks of the highest cosine, the best first; masks has one
// mask a part. Where a part has codes they choose what is scored, unless few of its chunks
// are allowed: the result is then as exact as calibrate found it to be.
func (x *index) nearest(ctx context.Context, q *denseQuery, masks []bitset) ([]scored, error) {
	withVector := make([]bitset, len(x.parts))
	for i, p := range x.parts {
		withVector[i] = p.withVector(masks[i])
	}
	blocks := x.blocks(withVector, q)
	workers := max(1, min(runtime.GOMAXPROCS(0), len(blocks)))
	tops, lists := make([]*top, workers), make([]*shortlist, workers)
	var taken atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		tops[w], lists[w] = newTop(x, q.k), newShortlist(q.list)
		group.Go(func() error {
			for {
				i := int(taken.Add(1)) - 1
				if i >= len(blocks) {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				if b := blocks[i]; b.exact {
					x.scan(q, b, withVector[b.part], tops[w])
				} else {
					x.parts[b.part].codes.scan(q.codes[b.part], b.part, b.from, b.to, withVector[b.part], lists[w])
				}
			}
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	best, list := tops[0], lists[0]
	for w := 1; w < workers; w++ {
		for _, item := range tops[w].items {
			best.offer(item.score, item.ref)
		}
		for _, e := range lists[w].items {
			list.offer(e.score, e.ref)
		}
	}
	for _, e := range list.best() {
		best.offer(x.parts[e.ref.part].cosine(q.exact, e.ref.chunk), e.ref)
	}
	return best.sorted(), nil
}

// withVector is the mask without the chunks that have no vector.
func (s *segment) withVector(mask bitset) bitset {
	switch {
	case s.everyVector:
		return mask
	case mask == nil || s.hasVector == nil:
		return s.hasVector
	}
	out := slices.Clone(mask)
	out.and(s.hasVector)
	return out
}

func (x *index) blocks(masks []bitset, q *denseQuery) []block {
	var out []block
	for i, p := range x.parts {
		if p.vectors == nil {
			continue
		}
		exact := p.codes == nil || (masks[i] != nil && masks[i].count() < exactBelow*q.list)
		for from := 0; from < p.chunks(); from += scanBlock {
			out = append(out, block{uint32(i), uint32(from), uint32(min(from+scanBlock, p.chunks())), exact})
		}
	}
	return out
}

func (x *index) scan(q *denseQuery, b block, mask bitset, top *top) {
	p := x.parts[b.part]
	p.hasVector.eachWithin(b.from, b.to, mask, func(chunk uint32) {
		if score := p.cosine(q.exact, chunk); score >= top.threshold() {
			top.offer(score, chunkRef{b.part, chunk})
		}
	})
}

// recall is the estimate of recall@10 of nearest against an exact scan, over all parts.
func (x *index) recall() float64 {
	vectors, found := 0, 0.0
	for _, p := range x.parts {
		recall := 1.0
		if p.codes != nil {
			recall = p.codes.recall
		}
		vectors, found = vectors+p.nVectors, found+float64(p.nVectors)*recall
	}
	if vectors == 0 {
		return 1
	}
	return found / float64(vectors)
}

// backgroundSample is how many vectors stand for the collection, what the port asks for.
const backgroundSample = 256

// sample is some of an index's vectors, copied to lie together.
type sample struct {
	once    sync.Once
	vectors []int16
	scales  []float32
}

// background is the distribution of the query's cosine over a sample of all vectors.
func (x *index) background(q fixedQuery) retriever.Distribution {
	x.sample.once.Do(x.draw)
	if len(x.sample.scales) == 0 {
		return retriever.Distribution{}
	}
	var sum, squares float64
	for i, scale := range x.sample.scales {
		score := float64(q.product(x.sample.vectors[i*x.dimension:(i+1)*x.dimension])) * q.scale * float64(scale)
		sum, squares = sum+score, squares+score*score
	}
	n := float64(len(x.sample.scales))
	mean := sum / n
	return retriever.Distribution{Mean: mean, StdDev: math.Sqrt(max(0, squares/n-mean*mean))}
}

// draw samples live vectors at equal steps, so that the same index has the same sample.
func (x *index) draw() {
	total := 0
	for _, p := range x.parts {
		total += p.nVectors
	}
	size := min(total, backgroundSample)
	seen := 0
	for _, p := range x.parts {
		p.hasVector.eachWithin(0, uint32(p.chunks()), p.liveChunks, func(chunk uint32) {
			if seen*size/total != (seen+1)*size/total {
				x.sample.vectors = append(x.sample.vectors, p.vector(chunk)...)
				x.sample.scales = append(x.sample.scales, p.scales[chunk])
			}
			seen++
		})
	}
}
