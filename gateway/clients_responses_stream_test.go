package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	openai "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/ssestream"
	"github.com/openai/openai-go/v3/responses"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
)

// accumulate adds a stream up with the official client's own accumulator, which wants each
// event at its place.
func accumulate(t *testing.T, stream *ssestream.Stream[responses.ResponseStreamEventUnion]) *responses.ResponseAccumulator {
	t.Helper()
	acc := &responses.ResponseAccumulator{}
	for stream.Next() {
		var e responses.ResponsesServerEventUnion
		raw := stream.Current().RawJSON()
		if err := json.Unmarshal([]byte(raw), &e); err != nil {
			t.Fatal(err)
		}
		if err := acc.AddEvent(e); err != nil {
			t.Fatalf("%v: %s", err, raw)
		}
		if s := acc.Snapshot(); s.TerminalEvent == "" && strings.Contains(raw, `"response.output_text.done"`) && s.OutputText() != "Sixteen weeks [1], not." {
			t.Errorf("text %q after its end", s.OutputText())
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	return acc
}

func TestResponsesClientAccumulatesWhatItGetsWhole(t *testing.T) {
	for name, params := range map[string]responses.ResponseNewParams{"alone": asksResponses(), "file_search": withFileSearch(asksResponses())} {
		t.Run(name, func(t *testing.T) {
			g := start(t, gatewaytest.ResponsesAnswer("Sixteen weeks [1], not [8]."), withKeys)
			client := official(g)
			whole, err := client.Responses.New(t.Context(), params)
			if err != nil {
				t.Fatal(err)
			}
			got, err := accumulate(t, client.Responses.NewStreaming(t.Context(), params)).ReconstructedResponse()
			if err != nil {
				t.Fatal(err)
			}
			same := func(r *responses.Response) string {
				out := ""
				for _, item := range r.Output {
					out += item.RawJSON()
				}
				return madeUp.ReplaceAllString(out, "ID")
			}
			if same(got) != same(whole) || got.OutputText() != "Sixteen weeks [1], not." {
				t.Errorf("streamed %s\nwhole %s", same(got), same(whole))
			}
		})
	}
}

// The events of a text alone, without the response at the end, say all of it, too.
func TestResponsesClientAccumulatesAnnotationsFromEvents(t *testing.T) {
	g := start(t, gatewaytest.ResponsesAnswer("Sixteen weeks [1], not [8]."), withKeys)
	client := official(g)
	stream := client.Responses.NewStreaming(t.Context(), withFileSearch(asksResponses()))
	text := ""
	var cited []responses.ResponseOutputTextAnnotationAddedEvent
	for stream.Next() {
		switch e := stream.Current().AsAny().(type) {
		case responses.ResponseTextDeltaEvent:
			text += e.Delta
		case responses.ResponseOutputTextAnnotationAddedEvent:
			cited = append(cited, e)
		case responses.ResponseTextDoneEvent:
			if text != e.Text || len(cited) != 1 {
				t.Errorf("%q and %d citations before %q", text, len(cited), e.Text)
			}
		}
	}
	if stream.Err() != nil || len(cited) != 1 {
		t.Fatalf("%v, %d citations", stream.Err(), len(cited))
	}
	if raw, _ := json.Marshal(cited[0].Annotation); !strings.Contains(string(raw), `"filename":"handbook/leave.md"`) || cited[0].OutputIndex != 2 || cited[0].AnnotationIndex != 0 || cited[0].ItemID != "msg_1" {
		t.Errorf("citation %s", cited[0].RawJSON())
	}
}

func TestResponsesClientSurvivesSilence(t *testing.T) {
	silent := make(chan struct{})
	events := gatewaytest.ResponseStream([]string{"Sixteen."})
	g := start(t, func(w *gatewaytest.Writer, _ gatewaytest.Received) {
		w.StartStream()
		w.Send(events[:3]...)
		w.Await(silent)
		w.Send(events[3:]...)
	}, withKeys, func(o *gateway.Options) { o.Limits.Heartbeat = time.Millisecond })
	counting, beats := countBeats(":\n", 3)
	client := openai.NewClient(option.WithBaseURL(g.url+"/v1"), option.WithAPIKey(plainKey), option.WithMaxRetries(0), option.WithHTTPClient(counting))
	stream := client.Responses.NewStreaming(t.Context(), asksResponses())
	go func() { <-beats; close(silent) }()
	text := ""
	for stream.Next() {
		text += stream.Current().Delta
	}
	if stream.Err() != nil || text != "Sixteen." {
		t.Errorf("%v %q", stream.Err(), text)
	}
}

func TestResponsesClientThatLeavesEndsTheModelServersWork(t *testing.T) {
	events := gatewaytest.ResponseStream(gatewaytest.Runes("Sixteen weeks.", 3))
	forever := make(chan struct{})
	g := start(t, func(w *gatewaytest.Writer, _ gatewaytest.Received) {
		w.StartStream()
		w.Send(events[:8]...)
		w.Await(forever)
	}, withKeys)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client := official(g)
	stream := client.Responses.NewStreaming(ctx, asksResponses())
	for stream.Next() {
		if stream.Current().Type == "response.output_text.delta" {
			cancel()
		}
	}
	if !errors.Is(stream.Err(), context.Canceled) {
		t.Errorf("got %v", stream.Err())
	}
	<-g.model.Gone()
}

func TestResponsesClientReadsAFailureToItsEnd(t *testing.T) {
	events := gatewaytest.FailedResponse()
	for name, tc := range map[string]struct {
		events []string
		kinds  string
	}{
		"failed":            {gatewaytest.ResponseEvents(gatewaytest.ResponseEvent{Type: "response.failed", Members: `"response":` + gatewaytest.Response()}), "response.failed"},
		"an error, and so":  {events, "response.created response.in_progress"},
		"an error of a kin": {append(events[:2:2], strings.Replace(strings.Replace(events[2], `"error":{`, `"details":{`, 1), `"type":"error"`, `"type":"error","code":"c","message":"m"`, 1), events[3]), "response.created response.in_progress error response.failed"},
	} {
		g := start(t, gatewaytest.Pieces(tc.events...), withKeys)
		for _, rag := range []string{"{}", "false"} {
			client := official(g)
			stream := client.Responses.NewStreaming(t.Context(), asksResponses(), option.WithJSONSet("rag", json.RawMessage(rag)))
			var kinds []string
			for stream.Next() {
				kinds = append(kinds, stream.Current().Type)
			}
			var reported *ssestream.StreamError
			if got := strings.Join(kinds, " "); got != tc.kinds || (name == "an error, and so") != errors.As(stream.Err(), &reported) {
				t.Errorf("%s, rag %s: %s, %v", name, rag, got, stream.Err())
			}
		}
	}
}
