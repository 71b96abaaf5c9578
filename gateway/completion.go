package gateway

import (
	"bytes"
	"io"
	"net/http"
	"strconv"

	"ragway/gateway/wire"
)

// Answer is the completion as an answer to r, in r's protocol.
func Answer(r *wire.Request, c wire.Completion) *Reply {
	header, data := http.Header{}, r.Protocol.AppendCompletion(nil, r, c)
	if r.Stream && !r.Array {
		header.Set("Content-Type", "text/event-stream; charset=utf-8")
	} else {
		header.Set("Content-Type", "application/json")
	}
	if !r.Stream {
		header.Set("Content-Length", strconv.Itoa(len(data)))
	}
	return &Reply{Status: http.StatusOK, Header: header, Body: io.NopCloser(bytes.NewReader(data))}
}
