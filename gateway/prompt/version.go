package prompt

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// canonical is a profile as its version sees it: complete, and with the zone's name, which
// takes the place of the embedded field.
type canonical struct {
	Format int // of what Render makes of a profile; raised when that changes
	Profile
	Zone string
}

const renderFormat = 1

// Version names everything that decides what goes out under the profile: 12 hexadecimal
// digits of a SHA-256. Default wording counts as if it stood in the profile, so that a
// release that words things differently has other versions.
func (p Profile) Version() string {
	p = p.complete()
	p.Rules, p.Examples, p.Variables = some(p.Rules), some(p.Examples), some(p.Variables)
	data, err := json.Marshal(canonical{Format: renderFormat, Profile: p, Zone: p.Zone.String()})
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6]) // 48 bits: two of a thousand profiles collide once in 10⁸
}

// some is nil for an empty list.
func some[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}
