package gateway

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
)

// markUpstreamError says of an upstream's error answer that it is the upstream's. A JSON
// error keeps its words and gains the field; anything else, a proxy's HTML page for
// instance, is put into the protocol's shape.
func (s *Server) markUpstreamError(c *gin.Context, reply *Reply, data []byte) []byte {
	s.metrics.stageErrors.WithLabelValues(string(stageForward), "upstream_status").Inc()
	recordOf(c).err = &UpstreamError{Upstream: s.answeredBy(reply), Kind: errUpstreamStatus}
	reply.Header.Set("Content-Type", jsonType)
	if marked, ok := markJSONError(data); ok {
		return marked
	}
	e := &Error{
		Status: reply.Status, Type: "upstream_error", Code: "upstream_" + strconv.Itoa(reply.Status),
		Source: sourceUpstream, Stage: string(stageForward), Message: plainMessage(reply, data),
	}
	return shapeOf(c).AppendError(nil, e.wire(recordOf(c).id))
}

// markJSONError adds source and stage to {"error":{…}}, which may be the first element of
// an array as in Google's streams, and leaves the other fields as they were, in their order.
func markJSONError(data []byte) ([]byte, bool) {
	if at := bytes.IndexByte(data, '{'); at > 0 && string(bytes.TrimSpace(data[:at])) == "[" {
		end := bytes.LastIndexByte(data, ']')
		if end < at {
			return nil, false
		}
		inner, ok := markJSONError(data[at:end])
		return slices.Concat(data[:at], inner, data[end:]), ok
	}
	var body struct {
		Error map[string]json.RawMessage `json:"error"`
	}
	if json.Unmarshal(data, &body) != nil || body.Error == nil {
		return nil, false
	}
	at := errorObjectEnd(data)
	if at < 0 {
		return nil, false
	}
	var add strings.Builder
	for _, field := range [][2]string{{"source", sourceUpstream}, {"stage", string(stageForward)}} {
		if _, has := body.Error[field[0]]; has {
			continue
		}
		if len(body.Error) > 0 || add.Len() > 0 {
			add.WriteByte(',')
		}
		add.WriteString(`"` + field[0] + `":"` + field[1] + `"`)
	}
	out := make([]byte, 0, len(data)+add.Len())
	out = append(out, data[:at]...)
	out = append(out, add.String()...)
	return append(out, data[at:]...), true
}

// errorObjectEnd is the offset of the brace that closes the value of the top-level "error".
func errorObjectEnd(data []byte) int {
	dec := json.NewDecoder(strings.NewReader(string(data)))
	if _, err := dec.Token(); err != nil { // the outer brace
		return -1
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return -1
		}
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			return -1
		}
		if key == "error" {
			return int(dec.InputOffset()) - 1
		}
	}
	return -1
}

// plainMessage is a short text answer as it is; of a page or of nothing, the status.
func plainMessage(reply *Reply, data []byte) string {
	text := strings.TrimSpace(string(data))
	const longest = 500
	if text == "" || len(text) > longest || strings.HasPrefix(text, "<") {
		return strings.TrimSpace("upstream answered " + strconv.Itoa(reply.Status) + " " + http.StatusText(reply.Status))
	}
	return text
}
