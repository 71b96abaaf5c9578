package local

import (
	"bytes"
	"math"
	"slices"
)

const (
	// window is how many chunks a posting's 16 bits tell apart.
	windowBits = 16
	window     = 1 << windowBits

	// postingsBlock is how many postings have one bound. Half of it makes twice the bounds
	// and no query faster.
	postingsBlock = 64

	// manyCount stands in counts for a frequency that is kept apart.
	manyCount = math.MaxUint8
)

// postings say which chunks hold each term, and how often: three bytes for each pair. The
// chunks of a segment are cut into windows, and the postings of term t in window w are
// those from offsets[t·windows+w] up to the next offset: ascending numbers within the window.
type postings struct {
	terms   stringTable // sorted
	windows int
	offsets []uint32
	low     []uint16 // number of the chunk within its window
	counts  []uint8  // frequency of the term in the chunk, or manyCount

	manyAt []uint32 // postings with a frequency of manyCount or more, ascending
	many   []uint16

	bounds      []float32 // highest saturated frequency of each term, at average
	blockBounds []float32 // and of each postingsBlock postings, counted over all terms
	params      bm25      // of the bounds
	average     float64   // length of a chunk, of the bounds
}

func (p *postings) arrays() []array {
	return append(p.terms.arrays(), arrayOf(&p.offsets), arrayOf(&p.low), arrayOf(&p.counts),
		arrayOf(&p.manyAt), arrayOf(&p.many), arrayOf(&p.bounds), arrayOf(&p.blockBounds))
}

func windowsOf(chunks int) int { return max(1, (chunks+window-1)>>windowBits) }

// of are the postings of a term in a window, as a range.
func (p *postings) of(term, w int) (from, to uint32) {
	at := term*p.windows + w
	return p.offsets[at], p.offsets[at+1]
}

func (p *postings) count(at uint32) uint16 {
	if c := p.counts[at]; c != manyCount {
		return uint16(c)
	}
	i, _ := slices.BinarySearch(p.manyAt, at)
	return p.many[i]
}

// find is the posting of a term for a chunk.
func (p *postings) find(term int, chunk uint32) (at uint32, found bool) {
	from, to := p.of(term, int(chunk>>windowBits))
	i, found := slices.BinarySearch(p.low[from:to], uint16(chunk))
	return from + uint32(i), found
}

// each calls f with all postings of a term.
func (p *postings) each(term int, f func(chunk, at uint32)) {
	for w := range p.windows {
		from, to := p.of(term, w)
		for at := from; at < to; at++ {
			f(uint32(w)<<windowBits|uint32(p.low[at]), at)
		}
	}
}

// postingsWriter fills postings in two passes: count everything, start, put everything.
// Within a term, chunks come in ascending order.
type postingsWriter struct {
	postings
	next []uint32
}

func newPostingsWriter(terms stringTable, chunks int) *postingsWriter {
	w := &postingsWriter{postings: postings{terms: terms, windows: windowsOf(chunks)}}
	w.next = make([]uint32, terms.len()*w.windows+1)
	return w
}

func (w *postingsWriter) count(term, chunk uint32) {
	w.next[int(term)*w.windows+int(chunk>>windowBits)]++
}

func (w *postingsWriter) start() {
	total := uint32(0)
	for i, n := range w.next {
		w.next[i] = total
		total += n
	}
	w.offsets = slices.Clone(w.next)
	w.low, w.counts = make([]uint16, total), make([]uint8, total)
}

func (w *postingsWriter) put(term, chunk uint32, count uint16) {
	slot := &w.next[int(term)*w.windows+int(chunk>>windowBits)]
	at := *slot
	*slot++
	w.low[at], w.counts[at] = uint16(chunk), uint8(min(count, manyCount))
	if count >= manyCount {
		w.manyAt, w.many = append(w.manyAt, at), append(w.many, count)
	}
}

func (w *postingsWriter) finish(params bm25, lengths []uint32) postings {
	w.sortMany()
	w.bound(params, lengths)
	return w.postings
}

// bound computes the bounds from the lengths of the chunks.
func (p *postings) bound(params bm25, lengths []uint32) {
	total := 0.0
	for _, l := range lengths {
		total += float64(l)
	}
	p.params, p.average = params, max(1, total/max(1, float64(len(lengths))))
	p.bounds = make([]float32, p.terms.len())
	p.blockBounds = make([]float32, (len(p.low)+postingsBlock-1)/postingsBlock)
	for t := range p.bounds {
		p.each(t, func(chunk, at uint32) {
			// Rounded up, so that a bound is one.
			weight := math.Nextafter32(float32(params.saturate(p.count(at), lengths[chunk], p.average)), math.MaxFloat32)
			p.bounds[t] = max(p.bounds[t], weight)
			p.blockBounds[at/postingsBlock] = max(p.blockBounds[at/postingsBlock], weight)
		})
	}
}

func (w *postingsWriter) sortMany() {
	order := make([]int, len(w.many))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(w.manyAt[a]) - int(w.manyAt[b]) })
	at, many := make([]uint32, len(order)), make([]uint16, len(order))
	for to, from := range order {
		at[to], many[to] = w.manyAt[from], w.many[from]
	}
	w.manyAt, w.many = at, many
}

// occurrences are terms of chunks in the order of chunks, with numbers in the order in
// which the terms were first seen.
type occurrences struct {
	numbers map[string]uint32
	terms   []uint32
	counts  []uint16
	ends    []int // of each chunk, in terms; those of the last chunks may be missing
}

func (o *occurrences) add(chunk uint32, term []byte, count uint16) {
	t, known := o.numbers[string(term)]
	if !known {
		t = uint32(len(o.numbers))
		o.numbers[string(term)] = t
	}
	o.close(int(chunk))
	o.terms, o.counts = append(o.terms, t), append(o.counts, count)
}

// close ends all chunks before the chunk.
func (o *occurrences) close(chunk int) {
	for len(o.ends) < chunk {
		o.ends = append(o.ends, len(o.terms))
	}
}

// invert makes postings of them.
func (o *occurrences) invert(params bm25, lengths []uint32) postings {
	o.close(len(lengths))
	sorted := make([]string, 0, len(o.numbers))
	for term := range o.numbers {
		sorted = append(sorted, term)
	}
	slices.Sort(sorted)
	var table stringTable
	ranks := make([]uint32, len(sorted))
	for rank, term := range sorted {
		table.append([]byte(term))
		ranks[o.numbers[term]] = uint32(rank)
	}
	w := newPostingsWriter(table, len(lengths))
	o.each(func(chunk, i int) { w.count(ranks[o.terms[i]], uint32(chunk)) })
	w.start()
	o.each(func(chunk, i int) { w.put(ranks[o.terms[i]], uint32(chunk), o.counts[i]) })
	return w.finish(params, lengths)
}

func (o *occurrences) each(f func(chunk, i int)) {
	i := 0
	for chunk, end := range o.ends {
		for ; i < end; i++ {
			f(chunk, i)
		}
	}
}

// mergePostings joins those of parts whose chunks have new numbers, or are gone.
func mergePostings(parts []*part, chunks [][]uint32, params bm25, lengths []uint32) postings {
	table, numbers := mergeTerms(parts)
	w := newPostingsWriter(table, len(lengths))
	each := func(f func(p *part, term, chunk, at uint32)) {
		for i, p := range parts {
			for t := range p.terms.len() {
				p.each(t, func(chunk, at uint32) {
					if n := chunks[i][chunk]; n != gone {
						f(p, numbers[i][t], n, at)
					}
				})
			}
		}
	}
	each(func(_ *part, term, chunk, _ uint32) { w.count(term, chunk) })
	w.start()
	each(func(p *part, term, chunk, at uint32) { w.put(term, chunk, p.count(at)) })
	return w.finish(params, lengths)
}

// mergeTerms is the sorted union of the parts' terms that live chunks hold, and the number
// in it of each term of each part.
func mergeTerms(parts []*part) (union stringTable, numbers [][]uint32) {
	numbers, heads := make([][]uint32, len(parts)), make([]int, len(parts))
	for i, p := range parts {
		numbers[i] = make([]uint32, p.terms.len())
	}
	for {
		var least []byte
		more := false
		for i, p := range parts {
			for heads[i] < p.terms.len() && p.countLive(heads[i]) == 0 {
				heads[i]++
			}
			if heads[i] < p.terms.len() {
				if term := p.terms.at(heads[i]); !more || bytes.Compare(term, least) < 0 {
					least, more = term, true
				}
			}
		}
		if !more {
			return union, numbers
		}
		for i, p := range parts {
			if heads[i] < p.terms.len() && bytes.Equal(p.terms.at(heads[i]), least) {
				numbers[i][heads[i]] = uint32(union.len())
				heads[i]++
			}
		}
		union.append(least)
	}
}
