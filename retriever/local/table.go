package local

import (
	"bytes"
	"sort"
	"unsafe"
)

// stringTable is a list of strings in one piece of memory: string i is
// text[ends[i-1]:ends[i]]. Those of an index are sorted and distinct.
type stringTable struct {
	text []byte
	ends []uint64
}

func (t *stringTable) len() int { return len(t.ends) }

// at is string i, in the table's memory: it is compared and copied, never kept.
func (t *stringTable) at(i int) []byte {
	if i == 0 {
		return t.text[:t.ends[0]]
	}
	return t.text[t.ends[i-1]:t.ends[i]]
}

// find is the number of s in a sorted table.
func (t *stringTable) find(s string) (i int, found bool) {
	key := unsafe.Slice(unsafe.StringData(s), len(s)) // read only
	i = sort.Search(len(t.ends), func(i int) bool { return bytes.Compare(t.at(i), key) >= 0 })
	return i, i < len(t.ends) && bytes.Equal(t.at(i), key)
}

func (t *stringTable) append(s []byte) {
	t.text = append(t.text, s...)
	t.ends = append(t.ends, uint64(len(t.text)))
}

func (t *stringTable) arrays() []array { return []array{arrayOf(&t.text), arrayOf(&t.ends)} }
