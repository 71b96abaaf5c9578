package configs

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "<secret>"

// Secret is a value that must not be printed: every formatting verb and every encoder
// shows <secret>, or nothing when it is unset. The value sits behind a pointer because
// fmt ignores the methods of unexported fields and would print it from there.
type Secret struct{ value *string }

// NewSecret wraps a value; an empty one is unset.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// IsSet reports whether there is a value.
func (s Secret) IsSet() bool { return s.value != nil }

// Reveal returns the value, "" when unset.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Equal compares the values.
func (s Secret) Equal(t Secret) bool { return s.IsSet() == t.IsSet() && s.Reveal() == t.Reveal() }

func (s Secret) String() string {
	if s.IsSet() {
		return redacted
	}
	return ""
}

// Format covers every verb, %#v and %x included.
func (s Secret) Format(f fmt.State, verb rune) {
	_, _ = io.WriteString(f, s.String()) // fmt.State keeps no error to return
}

// MarshalText serves encoding/json and everything that asks for text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML prints an unset secret as null, as the file has it.
func (s Secret) MarshalYAML() (any, error) {
	if s.IsSet() {
		return redacted, nil
	}
	return nil, nil
}

// LogValue keeps the value out of slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
