package local

import (
	"context"
	"math"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"ragway/retriever"
)

// scanBlock is how many rows are scanned between two looks at the context; a few hundred
// microseconds' worth.
const scanBlock = 4096

// block is a range of one part's chunks.
type block struct{ part, from, to uint32 }

// nearest are the k allowed chunks of the highest cosine, the best first. masks has one
// mask a part. It scans every allowed vector: the result is exact.
func (x *index) nearest(ctx context.Context, query retriever.Vector, masks []bitset, k int) ([]scored, error) {
	blocks := x.blocks()
	workers := max(1, min(runtime.GOMAXPROCS(0), len(blocks)))
	tops := make([]*top, workers)
	var taken atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		tops[w] = newTop(x, k)
		group.Go(func() error {
			for {
				i := int(taken.Add(1)) - 1
				if i >= len(blocks) {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				x.scan(query, blocks[i], masks[blocks[i].part], tops[w])
			}
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, t := range tops[1:] {
		for _, item := range t.items {
			tops[0].offer(item.score, item.ref)
		}
	}
	return tops[0].sorted(), nil
}

func (x *index) blocks() []block {
	var out []block
	for i, p := range x.parts {
		if p.vectors == nil {
			continue
		}
		for from := 0; from < p.chunks(); from += scanBlock {
			out = append(out, block{uint32(i), uint32(from), uint32(min(from+scanBlock, p.chunks()))})
		}
	}
	return out
}

func (x *index) scan(query retriever.Vector, b block, mask bitset, top *top) {
	p := x.parts[b.part]
	for chunk := b.from; chunk < b.to; chunk++ {
		if !p.hasVector.has(chunk) || (mask != nil && !mask.has(chunk)) {
			continue
		}
		if score := p.cosine(query, chunk); score >= top.threshold() {
			top.offer(score, chunkRef{b.part, chunk})
		}
	}
}

func (s *segment) cosine(query retriever.Vector, chunk uint32) float64 {
	return float64(dot(query, s.vector(chunk)))
}

// dot is retriever.Dot with eight sums, which leaves the processor fewer additions to
// wait for. Both must have the same length.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	for len(a) >= 8 && len(b) >= 8 {
		x, y := (*[8]float32)(a), (*[8]float32)(b)
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
		s4 += x[4] * y[4]
		s5 += x[5] * y[5]
		s6 += x[6] * y[6]
		s7 += x[7] * y[7]
		a, b = a[8:], b[8:]
	}
	for i := range min(len(a), len(b)) {
		s0 += a[i] * b[i]
	}
	return (s0 + s1) + (s2 + s3) + ((s4 + s5) + (s6 + s7))
}

// backgroundSample is how many vectors stand for the collection; the port asks for 256.
const backgroundSample = 512

// background is the distribution of the query's cosine over a sample of all vectors.
func (x *index) background(query retriever.Vector) retriever.Distribution {
	x.once.Do(x.draw)
	if len(x.sample) == 0 {
		return retriever.Distribution{}
	}
	var sum, squares float64
	for _, ref := range x.sample {
		score := x.parts[ref.part].cosine(query, ref.chunk)
		sum, squares = sum+score, squares+score*score
	}
	n := float64(len(x.sample))
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
	for i, p := range x.parts {
		p.hasVector.each(func(chunk uint32) {
			if p.liveChunks != nil && !p.liveChunks.has(chunk) {
				return
			}
			if seen*size/total != (seen+1)*size/total {
				x.sample = append(x.sample, chunkRef{uint32(i), chunk})
			}
			seen++
		})
	}
}
