package configs

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// DefaultTenant is the tenant of a key that names none.
const DefaultTenant = "default"

// Auth says whose requests are answered. With neither Keys nor APIKey the server asks for
// no credential and may bind loopback only.
type Auth struct {
	Keys []Key `yaml:"keys"`
	// APIKey is RAGWAY_API_KEY: one key that may read every collection of the default
	// tenant. It has no place in the file.
	APIKey Secret `yaml:"-"`
	// APIKeyWrite is Key.Write of that key.
	APIKeyWrite bool `yaml:"api_key_write"`
}

// Key is a credential and the Scope it stands for.
type Key struct {
	Name        string   `yaml:"name"`             // for logs
	SHA256      string   `yaml:"sha256"`           // of the key's bytes, lower-case hex
	Tenant      string   `yaml:"tenant,omitempty"` // empty: DefaultTenant
	User        string   `yaml:"user,omitempty"`
	Groups      []string `yaml:"groups,omitempty"`
	Collections []string `yaml:"collections,omitempty"` // nil: every collection of the tenant
	Write       bool     `yaml:"write,omitempty"`       // may upload, and change and delete what it sees
}

// Enabled reports whether requests need a credential.
func (a Auth) Enabled() bool { return len(a.Keys) > 0 || a.APIKey.IsSet() }

// AllKeys is Keys with the defaults filled in, and APIKey as one more of them.
func (a Auth) AllKeys() []Key {
	keys := slices.Clone(a.Keys)
	if a.APIKey.IsSet() {
		keys = append(keys, Key{Name: APIKeyVariable, SHA256: hashOf(a.APIKey), Write: a.APIKeyWrite})
	}
	for i := range keys {
		if keys[i].Tenant == "" {
			keys[i].Tenant = DefaultTenant
		}
	}
	return keys
}

// hashOf is the Key.SHA256 of a key.
func hashOf(key Secret) string {
	sum := sha256.Sum256([]byte(key.Reveal()))
	return hex.EncodeToString(sum[:])
}

// Principals are the names the key's holder has on access lists: user:ann, group:hr.
func (k Key) Principals() []string {
	var out []string
	if k.User != "" {
		out = append(out, "user:"+k.User)
	}
	for _, g := range k.Groups {
		out = append(out, "group:"+g)
	}
	return out
}
