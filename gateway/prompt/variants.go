package prompt

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
)

// Variants are profiles that share the requests made under one name, each its weight's
// part of the users.
type Variants []Variant

// Variant is one of them.
type Variant struct {
	Profile string
	Weight  int // against the sum of all; 0 gets nobody
}

// Choose returns the profile of the user named by key, "" when no weight is above zero. The
// same key has the same profile as long as the list is the same.
//
// It is weighted rendezvous hashing: each variant draws a number u in (0,1) from the hash of
// key and profile, and the highest -weight/ln(u) wins (Schindelhauer and Schomaker, 2005).
// A changed weight therefore moves users to or from that variant only, and the order of the
// list does not matter.
func (vs Variants) Choose(key string) string {
	best, score := "", 0.0
	for _, v := range vs {
		if s := -float64(v.Weight) / math.Log(draw(key, v.Profile)); s > score || s == score && s > 0 && v.Profile < best {
			best, score = v.Profile, s
		}
	}
	return best
}

// draw is a number in (0,1), uniform over keys.
func draw(key, profile string) float64 {
	h := sha256.New()
	h.Write([]byte("ragway variant\x00"))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(key))))
	h.Write([]byte(key))
	h.Write([]byte(profile))
	n := binary.BigEndian.Uint64(h.Sum(nil)) >> 11 // as many bits as a float64 holds
	return (float64(n) + 0.5) / (1 << 53)
}

// Library is every profile there is, by name, and the names that stand for several.
type Library struct {
	Profiles map[string]Profile
	Variants map[string]Variants
}

// Resolve returns the profile that name means for the user named by key. Each name of
// variants draws anew: who is in one part of a test says nothing about the part in another.
// It is false when there is none.
func (l Library) Resolve(name, key string) (Profile, bool) {
	for range 1 + len(l.Variants) { // a cycle ends, too
		vs, several := l.Variants[name]
		if !several {
			p, ok := l.Profiles[name]
			return p, ok
		}
		name = vs.Choose(name + "\x00" + key)
	}
	return Profile{}, false
}

// Has reports whether name means anything.
func (l Library) Has(name string) bool {
	_, single := l.Profiles[name]
	_, several := l.Variants[name]
	return single || several
}
