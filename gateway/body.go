package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// trustedLength is how much memory a Content-Length is believed for at once; beyond, the
// buffer grows with what really comes.
const trustedLength = 1 << 20

// readBody reads a request's body whole, at most limit bytes.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	if enc := r.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return nil, fail(stageDecode, errEncoding)
	}
	tooLarge := fail(stageDecode, fmt.Errorf("%w: the limit is %d bytes", errTooLarge, limit))
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	data, err := readBounded(r.Body, r.ContentLength, limit)
	switch {
	case errors.Is(err, errTooLarge):
		return nil, tooLarge
	case err != nil:
		return nil, fail(stageDecode, errBodyRead)
	}
	return data, nil
}

// readBounded reads r to its end, errTooLarge beyond limit bytes. length is a hint, -1
// for none.
func readBounded(r io.Reader, length, limit int64) ([]byte, error) {
	var b bytes.Buffer
	if length > 0 {
		b.Grow(int(min(length, trustedLength)) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, errTooLarge
	}
	return b.Bytes(), nil
}
