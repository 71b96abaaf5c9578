package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// trustedLength is how much memory a Content-Length is believed for at once. Who has sent
// that much is believed for the rest.
const trustedLength = 1 << 20

// bodyPause is how long a client may be silent in the middle of a body: long enough for a
// network that comes back, and no connection is held for ever.
const bodyPause = 30 * time.Second

// steadyBody is a body whose reader gives up on a client that is silent for bodyPause.
type steadyBody struct {
	io.Reader
	control *http.ResponseController
}

func (b steadyBody) Read(p []byte) (int, error) {
	limitPause(b.control)
	return b.Reader.Read(p)
}

// limitPause bounds the wait for what comes next of a body. What is never read is bounded
// too: the server reads on after the handler's end.
func limitPause(control *http.ResponseController) {
	_ = control.SetReadDeadline(time.Now().Add(bodyPause)) // a recorder in a test has none
}

// readBody reads a request's body whole, at most limit bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if enc := r.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return nil, fail(stageDecode, errEncoding)
	}
	tooLarge := fail(stageDecode, fmt.Errorf("%w: the limit is %d bytes", errTooLarge, limit))
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	control := http.NewResponseController(w)
	data, err := readBounded(steadyBody{r.Body, control}, r.ContentLength, limit)
	switch {
	case errors.Is(err, errTooLarge):
		return nil, tooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fail(stageDecode, errBodySlow)
	case err != nil:
		return nil, fail(stageDecode, errBodyRead)
	}
	_ = control.SetReadDeadline(time.Time{}) // past it, a long answer would be taken for a lost client
	return data, nil
}

// readBounded reads r to its end, errTooLarge beyond limit bytes. length is a hint, -1
// for none.
func readBounded(r io.Reader, length, limit int64) ([]byte, error) {
	var b bytes.Buffer
	if length > 0 {
		b.Grow(int(min(length, trustedLength)) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(r, min(trustedLength, limit+1)))
	if n == trustedLength && err == nil {
		b.Grow(int(max(0, min(length, limit)-n)) + bytes.MinRead)
		_, err = b.ReadFrom(io.LimitReader(r, limit+1-n))
	}
	if err != nil {
		return nil, err
	}
	if int64(b.Len()) > limit {
		return nil, errTooLarge
	}
	return b.Bytes(), nil
}
