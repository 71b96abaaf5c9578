package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// responseEvents numbers events given as a kind and further members.
func responseEvents(events ...[2]string) string {
	var b strings.Builder
	for i, e := range events {
		if e[1] != "" {
			e[1] = "," + e[1]
		}
		fmt.Fprintf(&b, "event: %s\ndata: {\"type\":%q,\"sequence_number\":%d%s}\n\n", e[0], e[0], i, e[1])
	}
	return b.String()
}

const place = `"item_id":"msg_1","output_index":0,"content_index":0`

func responseDelta(text string) [2]string {
	return [2]string{"response.output_text.delta", place + `,"delta":` + string(AppendString(nil, text)) + `,"logprobs":[]`}
}

// sent is an event as the client gets it.
type sent struct {
	Kind   string
	Number int
	Place  string // item, output and content
	Text   string // of a delta
}

// passResponse passes a stream on as the gateway does that holds back the last byte of each
// text until its end, where a citation goes with it.
func passResponse(t *testing.T, q *Request, stream string) []sent {
	t.Helper()
	s := Responses.NewStream(q)
	in := s.Events(strings.NewReader(stream))
	held := map[int]string{}
	var out []byte
	for {
		e, err := in.Next()
		if errors.Is(err, io.EOF) {
			return sentEvents(t, string(out))
		}
		if err != nil {
			t.Fatal(err)
		}
		p := s.Read(e)
		if p == nil {
			t.Fatalf("%s is nothing", e.Data)
		}
		var edits []Edit
		for i := range p.Texts {
			text := held[p.Texts[i].Slot] + p.Texts[i].Text
			cut := max(len(text)-1, 0)
			held[p.Texts[i].Slot] = text[cut:]
			edits = append(edits, p.Texts[i].SetText(text[:cut]))
			p.Dropped = p.OnlyText && cut == 0
		}
		var ended []Ended
		for _, slot := range p.Ends {
			ended = append(ended, Ended{Slot: slot, Text: held[slot], Annotations: []Annotation{{URL: "u"}}})
			held[slot] = ""
		}
		var rag []byte
		if p.Last {
			rag = []byte("{}")
		}
		var more []Edit
		out, more = s.Finish(out, p, ended, rag)
		if p.Dropped {
			continue
		}
		data, err := Apply(e.Data, append(edits, more...)...)
		if err != nil {
			t.Fatal(err)
		}
		out = e.WithData(out, data)
	}
}

func sentEvents(t *testing.T, stream string) []sent {
	t.Helper()
	var out []sent
	in := NewEventReader(strings.NewReader(stream), 0)
	for {
		e, err := in.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		var d struct {
			Type    string
			Number  int    `json:"sequence_number"`
			ItemID  string `json:"item_id"`
			Output  *int   `json:"output_index"`
			Content *int   `json:"content_index"`
			Delta   string
		}
		if err != nil || json.Unmarshal(e.Data, &d) != nil {
			t.Fatalf("%v: %s", err, e.Raw)
		}
		if d.Type != e.Name {
			t.Errorf("%s is named %s", d.Type, e.Name)
		}
		at := d.ItemID
		for _, n := range []*int{d.Output, d.Content} {
			if n != nil {
				at += fmt.Sprintf("/%d", *n)
			}
		}
		out = append(out, sent{d.Type, d.Number, at, d.Delta})
	}
}
