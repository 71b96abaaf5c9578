package local

import (
	"context"
	"math/bits"
	"slices"
)

// stretch is how many chunks are searched at a time: their scores, in float32, fill half of
// a processor's first cache.
const stretch = 4096

// slack is for rounding: scores that decide only what is scored exactly are sums in float32,
// of a few hundred terms at most.
const slack = 1 + 1e-4

// termList is one term's postings in the window that is searched.
type termList struct {
	term  int    // in the query
	first uint32 // posting that low and counts begin with
	low   []uint16
	at    int // postings of the stretch are low[at:end]
	end   int
	idf   float32
	bound float32 // no chunk of the part gets more from the term
	here  float32 // nor of the stretch
}

// lexicalSearch looks for the best chunks of one part, by MaxScore (Turtle and Flood 1995)
// stretch by stretch, with the bounds of the stretch (Ding and Suel 2011). Terms too weak
// to lift a chunk above the current worst of the best are looked up, not walked.
type lexicalSearch struct {
	*lexical
	part     *part
	number   int
	mask     bitset
	top      *top
	lists    []termList
	active   []*termList // those with postings in the stretch, the weakest first
	reach    []float32   // the most that active[:i+1] add
	base, by float32     // of the saturation: tf·gain / (tf + base + by·length)
	gain     float32

	scores [stretch]float32
	seen   [stretch / 64]uint64
}

// search offers top every allowed chunk of part n that may be among the best.
func (q *lexical) search(ctx context.Context, x *index, n int, mask bitset, top *top) error {
	p := x.parts[n]
	s := &lexicalSearch{lexical: q, part: p, number: n, mask: mask, top: top,
		base: float32(q.params.k1 * (1 - q.params.b)), by: float32(q.params.k1 * q.params.b / q.average), gain: float32(q.params.k1 + 1)}
	// The bounds hold at the segment's own average length; a chunk's weight at another
	// average is at most larger by the ratio.
	ratio := max(1, q.average/p.average)
	for i, term := range q.numbers[n] {
		if term != absent {
			idf := float32(q.idf[i] * ratio * slack)
			s.lists = append(s.lists, termList{term: i, idf: idf, bound: p.bounds[term] * idf})
		}
	}
	if len(s.lists) == 0 {
		return nil
	}
	s.active, s.reach = make([]*termList, 0, len(s.lists)), make([]float32, len(s.lists))
	for w := range p.windows {
		if err := s.searchWindow(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

func (s *lexicalSearch) searchWindow(ctx context.Context, w int) error {
	for i := range s.lists {
		l := &s.lists[i]
		from, to := s.part.of(s.numbers[s.number][l.term], w)
		l.first, l.low, l.at, l.end = from, s.part.low[from:to], 0, 0
	}
	size := min(window, s.part.chunks()-w<<windowBits)
	for from := 0; from < size; from += stretch {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.enter(uint32(from + stretch))
		s.searchStretch(uint32(w)<<windowBits|uint32(from), uint16(from))
	}
	return nil
}

// enter moves the lists to the stretch that ends before the chunk, and finds their bounds
// there.
func (s *lexicalSearch) enter(end uint32) {
	s.active = s.active[:0]
	for i := range s.lists {
		l := &s.lists[i]
		l.at = l.end
		l.end = l.seek(l.at, len(l.low), end)
		if l.at == l.end {
			continue
		}
		highest := float32(0)
		for _, b := range s.part.blockBounds[(l.first+uint32(l.at))/postingsBlock : (l.first+uint32(l.end)-1)/postingsBlock+1] {
			highest = max(highest, b)
		}
		l.here = min(l.bound, highest*l.idf)
		s.active = append(s.active, l)
	}
	slices.SortFunc(s.active, func(a, b *termList) int {
		switch {
		case a.here < b.here:
			return -1
		case a.here > b.here:
			return 1
		}
		return a.term - b.term
	})
	sum := float32(0)
	for i, l := range s.active {
		sum += l.here
		s.reach[i] = sum * slack
	}
}

// seek is the first posting in low[from:to] that is not before the target: a galloping, then
// a binary search.
func (l *termList) seek(from, to int, target uint32) int {
	low, step := from, 1
	for low+step < to && uint32(l.low[low+step]) < target {
		low += step
		step *= 2
	}
	high := min(low+step, to)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if uint32(l.low[middle]) < target {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// searchStretch searches the chunks from first on; low is first's number in its window.
func (s *lexicalSearch) searchStretch(first uint32, low uint16) {
	worst := float32(s.top.threshold())
	weak := 0 // active[:weak] cannot make a result alone
	for weak < len(s.active) && s.reach[weak] < worst {
		weak++
	}
	if weak == len(s.active) {
		return
	}
	lengths := s.part.lengths[first:min(int(first)+stretch, len(s.part.lengths))]
	s.scores, s.seen = [stretch]float32{}, [stretch / 64]uint64{}
	for _, l := range s.active[weak:] {
		s.add(l, lengths, low)
	}
	if s.mask != nil {
		for i, w := range s.mask[first>>6 : min(int(first>>6)+len(s.seen), len(s.mask))] {
			s.seen[i] &= w
		}
	}
	for i, w := range s.seen {
		for ; w != 0; w &= w - 1 {
			at := i<<6 | bits.TrailingZeros64(w)
			if s.reaches(weak, uint16(at)+low, lengths[at], s.scores[at], worst) {
				score, _ := s.score(s.part, s.number, first+uint32(at))
				s.top.offer(score, chunkRef{uint32(s.number), first + uint32(at)})
				worst = float32(s.top.threshold())
			}
		}
	}
}

// add adds the weights of the list's postings in the stretch.
func (s *lexicalSearch) add(l *termList, lengths []uint32, low uint16) {
	chunks := l.low[l.at:l.end]
	counts := s.part.counts[l.first+uint32(l.at):][:len(chunks)]
	for i, c := range chunks {
		at := (c - low) & (stretch - 1)
		s.scores[at] += l.idf * s.saturated(counts[i], lengths[at])
		s.seen[at>>6] |= 1 << (at & 63)
	}
}

// saturated is the weight by which a chunk is judged. It is too high for a frequency that is
// kept apart, which loses nothing.
func (s *lexicalSearch) saturated(count uint8, length uint32) float32 {
	if count == manyCount {
		return s.gain
	}
	tf := float32(count)
	return tf * s.gain / (tf + s.base + s.by*float32(length))
}

// reaches looks the weak terms up, the strongest first, until it is clear whether the chunk
// may be among the best.
func (s *lexicalSearch) reaches(weak int, low uint16, length uint32, score, worst float32) bool {
	for i := weak - 1; i >= 0; i-- {
		if score*slack+s.reach[i] < worst {
			return false
		}
		l := s.active[i]
		if l.at = l.seek(l.at, l.end, uint32(low)); l.at < l.end && l.low[l.at] == low {
			score += l.idf * s.saturated(s.part.counts[l.first+uint32(l.at)], length)
		}
	}
	return score*slack >= worst
}
