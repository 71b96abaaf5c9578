package wire

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// AppendString appends s as a JSON string, in the shortest spelling: only quotes,
// backslashes and control characters are escaped. Invalid UTF-8 becomes U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s) // its only error is invalid UTF-8, replaced
	return dst
}

// appendInner appends s as it stands between the quotes of a JSON string.
func appendInner(dst []byte, s string) []byte {
	at := len(dst)
	dst = AppendString(dst, s)
	copy(dst[at:], dst[at+1:len(dst)-1])
	return dst[:len(dst)-2]
}

// unquote decodes a JSON string that is known to be well formed. A lone surrogate and raw
// invalid UTF-8 become U+FFFD.
func unquote(raw []byte) string {
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return strings.ToValidUTF8(string(inner), "\ufffd")
	}
	out, _ := jsontext.AppendUnquote(make([]byte, 0, len(raw)), raw)
	return string(out)
}
