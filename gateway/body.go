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

// bodyTime is how long a whole body may take: 20 MiB need 0.3 Mbit/s. A client that sends
// a byte now and then holds a connection no longer than that.
const bodyTime = 10 * time.Minute

// steadyBody is a body whose reader gives up on a client that is silent for bodyPause or
// not finished at the end.
type steadyBody struct {
	io.Reader
	control *http.ResponseController
	end     time.Time
	renewed time.Time
}

func (b *steadyBody) Read(p []byte) (int, error) {
	if now := time.Now(); now.Sub(b.renewed) > time.Second { // most bodies are there at once
		limitPause(b.control, b.end)
		b.renewed = now
	}
	return b.Reader.Read(p)
}

// limitPause bounds the wait for what comes next of a body, at the latest to end. What is
// never read is bounded too: the server reads on after the handler's end.
func limitPause(control *http.ResponseController, end time.Time) {
	deadline := time.Now().Add(bodyPause)
	if end.Before(deadline) {
		deadline = end
	}
	_ = control.SetReadDeadline(deadline) // a recorder in a test has none
}

// refusedBytes of a body over the limit are read and thrown away: many clients listen only
// once they have sent all, and would meet a reset connection instead of the answer.
const refusedBytes = 64 << 20

// readBody reads a request's body whole, at most limit bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if enc := r.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return nil, fail(stageDecode, errEncoding)
	}
	control := http.NewResponseController(w)
	now := time.Now() // observe has just limited the first pause
	body := &steadyBody{r.Body, control, now.Add(bodyTime), now}
	data, err := readBounded(body, r.ContentLength, limit)
	switch {
	case errors.Is(err, errTooLarge):
		if r.Header.Get("Expect") == "" {
			_, _ = io.CopyN(io.Discard, body, refusedBytes) // an error changes nothing any more
		}
		return nil, fail(stageDecode, fmt.Errorf("%w: the limit is %d bytes", errTooLarge, limit))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fail(stageDecode, errBodySlow)
	case err != nil:
		return nil, fail(stageDecode, errBodyRead)
	}
	_ = control.SetReadDeadline(time.Time{}) // past it, a long answer would be taken for a lost client
	return data, nil
}

// readBounded reads r to its end, errTooLarge beyond limit bytes. length is what was said
// of it, -1 for nothing; where that is too much already, nothing is read.
func readBounded(r io.Reader, length, limit int64) ([]byte, error) {
	if length > limit {
		return nil, errTooLarge
	}
	var b bytes.Buffer
	if length > 0 {
		b.Grow(int(min(length, trustedLength)) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(r, min(trustedLength, limit+1)))
	if n == trustedLength && err == nil {
		b.Grow(int(max(0, length-n)) + bytes.MinRead)
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
