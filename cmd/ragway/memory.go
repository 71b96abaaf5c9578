package main

import (
	"math"
	"runtime/debug"
)

const (
	// shortLivedGC is the collector's target where documents are read: what one leaves
	// behind is garbage at once, and collecting it half as often saves an eighth of the
	// time.
	shortLivedGC = 200
	// shortLivedLimit is from how much memory on it is collected all the same: what large
	// documents leave behind must not add up. The PDF engines take up to 128 MB of it.
	shortLivedLimit = 320 << 20
)

// shortLived tunes the collector for reading documents, unless the environment has tuned
// it. The limit holds until unbound is called.
func (a *app) shortLived() (unbound func()) {
	if a.getenv("GOGC") == "" {
		debug.SetGCPercent(shortLivedGC)
	}
	if a.getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	debug.SetMemoryLimit(shortLivedLimit)
	return func() { debug.SetMemoryLimit(math.MaxInt64) }
}
