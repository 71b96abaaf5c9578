package local

import (
	"bytes"
	"math"
	"slices"
)

// scored is a chunk with its score in one list.
type scored struct {
	score float64
	ref   chunkRef
}

// top keeps the best k chunks offered, ties by chunk ID. items is a heap, the worst first.
type top struct {
	index *index
	k     int
	items []scored
}

func newTop(x *index, k int) *top { return &top{index: x, k: k} }

// threshold is the score below which an offer is in vain.
func (t *top) threshold() float64 {
	if len(t.items) < t.k {
		return math.Inf(-1)
	}
	return t.items[0].score
}

// compare orders the better first.
func (t *top) compare(a, b scored) int {
	switch {
	case a.score > b.score:
		return -1
	case a.score < b.score:
		return 1
	}
	return bytes.Compare(t.index.id(a.ref)[:], t.index.id(b.ref)[:])
}

func (t *top) offer(score float64, ref chunkRef) {
	item := scored{score, ref}
	if len(t.items) < t.k {
		t.items = append(t.items, item)
		t.up(len(t.items) - 1)
		return
	}
	if score >= t.items[0].score && t.compare(item, t.items[0]) < 0 {
		t.items[0] = item
		t.down(0)
	}
}

func (t *top) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if t.compare(t.items[i], t.items[parent]) <= 0 {
			return
		}
		t.items[i], t.items[parent] = t.items[parent], t.items[i]
		i = parent
	}
}

func (t *top) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(t.items) {
			return
		}
		if child+1 < len(t.items) && t.compare(t.items[child+1], t.items[child]) > 0 {
			child++
		}
		if t.compare(t.items[child], t.items[i]) <= 0 {
			return
		}
		t.items[i], t.items[child] = t.items[child], t.items[i]
		i = child
	}
}

// sorted are the items, the best first.
func (t *top) sorted() []scored {
	slices.SortFunc(t.items, t.compare)
	return t.items
}
