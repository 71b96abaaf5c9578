package wire

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var protocols = []Protocol{Chat, Responses, Messages, Gemini}

// requests of each protocol, with a control in them.
var requests = map[string][]string{
	"chat": {`{"messages":[{"role":"user","content":"a"}],"tools":[{"type":"file_search","vector_store_ids":["x"]}, {"type":"function"}],"rag":{}}`, `{"rag":1,"vector_store_ids":["a"],"data_sources":[{"parameters":{"index_name":"i"}}],"messages":[]}`},
	"responses": {`{"input":"a\ud83d","include":["file_search_call.results","x"],"tools":[{"type":"file_search"}],"tool_choice":"auto","rag":0}`, `{"input":[{"role":"user","content":[{"type":"input_text","text":"b"}]},{"type":"function_call_output","output":"c"}],"instructions":null,"reasoning":{}}`,
		`{}`, `{"rag":{}}`, `{"input":[{"id":"fs_ragway_"},{"role":"user"}],"tools":[{"type":"file_search","filters":null},1,{"type":"file_search"}]}`},
	"messages": {`{"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":[{"type":"tool_result","content":"r"},{"type":"text","text":"q","cache_control":{}},{"type":"text","text":"q"}]}],"rag":false}`, `{"messages":[{"content":"a","role":"user"}],"output_config":null}`},
	"gemini":   {`{"contents":[{"parts":[{"text":"a"},{"inline_data":{}}]}],"system_instruction":{"parts":[]},"generation_config":{"x":1},"rag":null}`, `{"systemInstruction":null,"contents":[{"role":"model"}],"generationConfig":null}`},
}

// Whatever is put into a request, it stays JSON, and what was put in is found again.
func fuzzRequest(f *testing.F, p Protocol) {
	for _, body := range requests[p.Name()] {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := p.ParseRequest(body)
		if err != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatalf("%q is accepted", body)
		}
		edits := append(r.CutControl(), r.SetModel("m"), r.SetEffort(LowEffort))
		if e, ok := r.InsertContext("c\"\n"); ok { // instructions go with a context
			edits = append(edits, e, r.InsertInstructions("i\"\n"))
		}
		out, err := Apply(body, edits...)
		if err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		again, err := p.ParseRequest(out)
		if err != nil || again.Control != nil || again.Search != nil && r.Search != nil && len(r.members) > 0 && len(again.tools) > 0 && again.tools.allCut() {
			t.Fatalf("%q became %q: %v", body, out, err)
		}
	})
}

func FuzzParseResponses(f *testing.F) { fuzzRequest(f, Responses) }
func FuzzParseMessages(f *testing.F)  { fuzzRequest(f, Messages) }
func FuzzParseGemini(f *testing.F)    { fuzzRequest(f, Gemini) }

// answers of each protocol.
var answers = map[string]string{
	"responses": `{"output":[{"type":"message","content":[{"type":"output_text","text":"a [1]","annotations":[]}]}],"model":"m","rag":1}`,
	"messages":  `{"content":[{"type":"text","text":"a [1]","citations":null}],"model":"m","usage":{"input_tokens":1}}`,
	"gemini":    `{"candidates":[{"content":{"parts":[{"text":"a [1]"},{"text":"b"}]},"groundingMetadata":{"groundingChunks":[{}]}}],"modelVersion":"m"}`,
}

func fuzzReply(f *testing.F, p Protocol) {
	f.Add([]byte(answers[p.Name()]))
	q := &Request{Search: &Search{ID: "fs", Queries: []string{"q"}}}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, ok := p.ParseReply(q, body)
		if !ok {
			return
		}
		cites := make([][]Annotation, len(r.Texts))
		edits := append(SetModels(r.Models, "x"), r.SetRag([]byte("{}")))
		edits = append(edits, r.Extra...)
		for i := range r.Texts {
			cites[i] = []Annotation{{URL: "u", Source: 1}}
			edits = append(edits, r.Texts[i].SetText("t"))
		}
		out, err := Apply(body, append(edits, r.Annotate(cites)...)...)
		if err != nil {
			t.Skip("duplicate names: ", err)
		}
		if json.Valid(body) && !json.Valid(out) {
			t.Fatalf("%q became %q", body, out)
		}
	})
}

func FuzzReplyResponses(f *testing.F) { fuzzReply(f, Responses) }
func FuzzReplyMessages(f *testing.F)  { fuzzReply(f, Messages) }
func FuzzReplyGemini(f *testing.F)    { fuzzReply(f, Gemini) }

// What is made here can be read here, whole and streamed.
func TestCompletionsAreReadAgain(t *testing.T) {
	c := Completion{ID: "i", Created: 7, Model: "m", Texts: []string{"Sixteen weeks [1], \"paid\"\nin full."}, PromptTokens: 3, CompletionTokens: 4}
	for _, p := range protocols {
		q := &Request{Protocol: p, N: 1}
		r, ok := p.ParseReply(q, p.AppendCompletion(nil, q, c))
		if !ok || len(r.Texts) != 1 || r.Texts[0].Text != c.Texts[0] || r.Usage != (Usage{3, 4, 7}) || len(r.Models) != 1 {
			t.Errorf("%s: %+v", p.Name(), r)
		}
		for _, array := range []bool{false, true} {
			q := &Request{Protocol: p, N: 1, Stream: true, Array: array, IncludeUsage: true}
			if array && p != Gemini {
				continue
			}
			text, usage, s := readStreamed(t, q, p.AppendCompletion(nil, q, c))
			if text != c.Texts[0] || usage != (Usage{3, 4, 7}) || !s.Whole() {
				t.Errorf("%s, array %v: %q, %+v, whole %v", p.Name(), array, text, usage, s.Whole())
			}
		}
	}
}

// readStreamed reads a stream as the gateway does.
func readStreamed(t *testing.T, q *Request, data []byte) (text string, usage Usage, s Stream) {
	t.Helper()
	s = q.Protocol.NewStream(q)
	events := s.Events(iotest.OneByteReader(strings.NewReader(string(data))))
	watched := q.Protocol.NewStream(q)
	for {
		e, err := events.Next()
		if errors.Is(err, io.EOF) {
			if watched.Whole() != s.Whole() {
				t.Errorf("%s: watched it is %v, read %v", q.Protocol.Name(), watched.Whole(), s.Whole())
			}
			return text, usage, s
		}
		if err != nil {
			t.Fatal(err)
		}
		watched.Watch(e)
		if e.Data == nil {
			s.Watch(e)
			continue
		}
		p := s.Read(e)
		if p == nil {
			continue
		}
		for _, piece := range p.Texts {
			text += piece.Text
		}
		if p.HasUsage {
			usage = p.Usage
		}
	}
}

// Wherever an array is cut, its elements are the same, and joined they are the stream.
func TestElementsDoNotDependOnTheirPieces(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var want []string
		var b strings.Builder
		b.WriteString(rapid.SampledFrom([]string{"[", " [\n"}).Draw(rt, "open"))
		for i := range rapid.IntRange(0, 4).Draw(rt, "elements") {
			if i > 0 {
				b.WriteString(rapid.SampledFrom([]string{",", "\n,\r\n"}).Draw(rt, "comma"))
			}
			object := draw{rt}.object([]string{`"a":` + draw{rt}.value(2), `"b":` + draw{rt}.str()})
			want = append(want, object)
			b.WriteString(object)
		}
		b.WriteString("]\n")
		pieces := rapid.SliceOfN(rapid.IntRange(1, 9), 1, 50).Draw(rt, "pieces")
		var got []string
		joined := ""
		in := newElementReader(&piecewise{b.String(), pieces}, 0)
		for {
			e, err := in.Next()
			if err != nil {
				break
			}
			joined += string(e.Raw)
			if e.Data != nil {
				got = append(got, string(e.Data))
				if with := string(e.WithData(nil, []byte("{}"))); !strings.HasSuffix(with, "{}") || !strings.HasPrefix(string(e.Raw), strings.TrimSuffix(with, "{}")) {
					rt.Fatalf("%q with other data is %q", e.Raw, with)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || joined != b.String() {
			rt.Fatalf("%s\njoined %q, want %q", diff, joined, b.String())
		}
	})
}

// piecewise reads a text in pieces of these sizes, over and over.
type piecewise struct {
	text  string
	sizes []int
}

func (p *piecewise) Read(b []byte) (int, error) {
	if p.text == "" {
		return 0, io.EOF
	}
	n := min(p.sizes[0], len(p.text), len(b))
	copy(b, p.text[:n])
	p.text, p.sizes = p.text[n:], append(p.sizes[1:], p.sizes[0])
	return n, nil
}

func TestErrorsHaveTheProtocolsShape(t *testing.T) {
	e := Error{Status: 404, Message: "no \"x\"", Type: "invalid_request_error", Code: "model_not_found", Source: "gateway", Stage: "forward", RequestID: "req_1"}
	for _, tc := range []struct {
		p     Protocol
		want  string
		event string
	}{
		{Responses, `{"error":{"message":"no \"x\"","type":"invalid_request_error","code":"model_not_found","param":null,"source":"gateway","stage":"forward"}}`,
			"event: error\ndata: {\"type\":\"error\",\"code\":\"model_not_found\",\"message\":\"no \\\"x\\\"\",\"param\":null,\"sequence_number\":0,\"source\":\"gateway\",\"stage\":\"forward\"}\n\n"},
		{Messages, `{"type":"error","error":{"type":"not_found_error","message":"no \"x\"","code":"model_not_found","param":null,"source":"gateway","stage":"forward"},"request_id":"req_1"}`, ""},
		{Gemini, `{"error":{"code":404,"message":"no \"x\"","status":"NOT_FOUND","reason":"model_not_found","param":null,"source":"gateway","stage":"forward"}}`, ""},
	} {
		if got := string(tc.p.AppendError(nil, e)); got != tc.want {
			t.Errorf("%s\ngot  %s\nwant %s", tc.p.Name(), got, tc.want)
		}
		event := string(tc.p.NewStream(&Request{}).AppendError(nil, e))
		if tc.event != "" && event != tc.event {
			t.Errorf("%s event\ngot  %q\nwant %q", tc.p.Name(), event, tc.event)
		}
	}
	array := Gemini.NewStream(&Request{Array: true})
	if got := string(array.AppendError(nil, e)); got[0] != '[' || got[len(got)-1] != ']' || !json.Valid([]byte(got)) {
		t.Errorf("in an array: %s", got)
	}
}
