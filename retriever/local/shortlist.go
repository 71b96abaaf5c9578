package local

// estimate is a chunk with what its code says of its score.
type estimate struct {
	score float32
	ref   chunkRef
}

// before orders the higher estimate first, equal ones by place, so that a search repeated
// finds the same.
func (e estimate) before(o estimate) bool {
	if e.score != o.score {
		return e.score > o.score
	}
	return e.ref.part < o.ref.part || (e.ref.part == o.ref.part && e.ref.chunk < o.ref.chunk)
}

// shortlist keeps the best of the estimates offered. It collects twice as many and halves
// them now and then, which costs less than keeping them in order.
type shortlist struct {
	most  int
	items []estimate
	floor float32 // an estimate below is not among the best
}

func newShortlist(most int) *shortlist {
	return &shortlist{most: most, floor: lowest}
}

// lowest is below every estimate.
const lowest = -1e30

// offer takes any estimate; a scan compares with floor first, which costs no call.
func (l *shortlist) offer(score float32, ref chunkRef) {
	l.items = append(l.items, estimate{score, ref})
	if len(l.items) >= 2*l.most {
		l.halve()
	}
}

// best are the estimates kept, in no order.
func (l *shortlist) best() []estimate {
	if len(l.items) > l.most {
		l.halve()
	}
	return l.items
}

func (l *shortlist) halve() {
	partition(l.items, l.most)
	l.items = l.items[:l.most]
	l.floor = l.items[0].score
	for _, e := range l.items[1:] {
		l.floor = min(l.floor, e.score)
	}
}

// partition moves the n best items to the front, in no order: Hoare's selection with the
// median of three as pivot.
func partition(items []estimate, n int) {
	for from, to := 0, len(items)-1; from < to; {
		pivot := median(items[from], items[(from+to)/2], items[to])
		i, j := from, to
		for i <= j {
			for items[i].before(pivot) {
				i++
			}
			for pivot.before(items[j]) {
				j--
			}
			if i <= j {
				items[i], items[j] = items[j], items[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n-1 <= j:
			to = j
		case n-1 >= i:
			from = i
		default:
			return
		}
	}
}

func median(a, b, c estimate) estimate {
	if b.before(a) {
		a, b = b, a
	}
	if c.before(a) {
		return a
	}
	if c.before(b) {
		return c
	}
	return b
}
