package text

import (
	"hash/maphash"
	"sync/atomic"
)

// word is an analysed word. It never changes once it is made.
type word struct {
	raw   string
	terms []string // of a document
	query []string // those of them that a query asks for
}

// wordCache remembers analysed words, because a few thousand of them make up most of any
// text: a table in which a newer word displaces an older one of the same slot, so that it
// needs no lock and stays bounded. The zero value is ready.
type wordCache struct {
	slots [cacheSlots]atomic.Pointer[word]
}

const (
	cacheSlots    = 1 << 15 // of 8 bytes; about 4 MB with the words of a large corpus in it
	maxCachedWord = 64      // bytes; longer words are rare and not worth the memory
)

var cacheSeed = maphash.MakeSeed()

func (c *wordCache) slot(raw string) *atomic.Pointer[word] {
	return &c.slots[maphash.String(cacheSeed, raw)%cacheSlots]
}

func (c *wordCache) get(raw string) *word {
	if w := c.slot(raw).Load(); w != nil && w.raw == raw {
		return w
	}
	return nil
}

func (c *wordCache) put(w *word) {
	if len(w.raw) <= maxCachedWord {
		c.slot(w.raw).Store(w)
	}
}
