package mcp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"ragway/gateway"
	"ragway/gateway/mcp"
	"ragway/retriever"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shelf is a library of two documents, of which one is for hr.
type shelf struct{ controls []string }

var manuals = map[string]gateway.KnownDocument{
	"d1": {ID: "d1", Title: "Leave", URL: "https://x/leave", Text: "Sixteen weeks.", URI: "leave.md", Collection: "default", Metadata: retriever.Metadata{"year": 2024.0}},
	"d2": {ID: "d2", Title: "Long", URL: "https://x/long", Text: strings.Repeat("ä", 250_000), URI: "long.md", Collection: "default"},
}

func (s *shelf) Find(_ context.Context, c gateway.Caller, query string, control json.RawMessage) (gateway.Found, error) {
	s.controls = append(s.controls, string(control))
	var found gateway.Found
	if c.Scope.Tenant == "" || query == "nothing" {
		return found, nil
	}
	if strings.Contains(string(control), `"bad"`) {
		return found, fmt.Errorf("%w: no such field", retriever.ErrBadFilter)
	}
	if query == "broken" {
		return found, fmt.Errorf("%w at 10.0.0.1", retriever.ErrUnavailable)
	}
	for i, text := range []string{"Sixteen weeks.", "Paid in full."} {
		found.Result.Hits = append(found.Result.Hits, gateway.SearchHit{Rank: i + 1, DocumentID: "d1", Title: "Leave", Text: text})
		found.URLs = append(found.URLs, "https://x/leave#"+fmt.Sprint(i))
	}
	return found, nil
}

func (s *shelf) Read(_ context.Context, c gateway.Caller, id string) (gateway.KnownDocument, error) {
	d, ok := manuals[id]
	if !ok || c.Scope.Tenant == "" {
		return d, retriever.ErrDocumentNotFound
	}
	return d, nil
}

// connect returns a client of a server whose callers have this scope.
func connect(t *testing.T, library *shelf, scope retriever.Scope) *sdk.ClientSession {
	t.Helper()
	s, err := mcp.New(mcp.Options{Library: func() mcp.Library { return library }, Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	h := s.Handler()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(gateway.WithCaller(r.Context(), gateway.Caller{Scope: scope, Base: "http://ragway"})))
	}))
	t.Cleanup(srv.Close)
	client := sdk.NewClient(&sdk.Implementation{Name: "test"}, nil)
	session, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: srv.URL, DisableStandaloneSSE: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = session.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return session
}

var someone = retriever.Scope{Tenant: "default", Collections: []string{retriever.AllCollections}}

// call returns a tool's text, which has to be the JSON of its structured content.
func call(t *testing.T, session *sdk.ClientSession, tool string, args map[string]any) (text string, isError bool) {
	t.Helper()
	r, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Content) != 1 {
		t.Fatalf("%d contents", len(r.Content))
	}
	text = r.Content[0].(*sdk.TextContent).Text
	if !r.IsError {
		structured, err := json.Marshal(r.StructuredContent)
		var a, b any
		if err != nil || json.Unmarshal(structured, &a) != nil || json.Unmarshal([]byte(text), &b) != nil || fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("text %s, structured %s, %v", text, structured, err)
		}
	}
	return text, r.IsError
}

func TestToolsSayWhatTheyAre(t *testing.T) {
	session := connect(t, &shelf{}, someone)
	list, err := session.ListTools(t.Context(), nil)
	if err != nil || len(list.Tools) != 2 {
		t.Fatalf("%+v %v", list, err)
	}
	for _, tool := range list.Tools {
		if !tool.Annotations.ReadOnlyHint || *tool.Annotations.OpenWorldHint || tool.OutputSchema == nil || tool.Description == "" {
			t.Errorf("%s: %+v", tool.Name, tool)
		}
		schema, _ := json.Marshal(tool.InputSchema)
		want := map[string]string{"search": `"required":["query"]`, "fetch": `"required":["id"]`}[tool.Name]
		if !strings.Contains(string(schema), want) {
			t.Errorf("%s takes %s", tool.Name, schema)
		}
	}
}

func TestSearchReturnsEachDocumentOnce(t *testing.T) {
	library := &shelf{}
	session := connect(t, library, someone)
	text, isError := call(t, session, "search", map[string]any{"query": "leave"})
	if want := `{"results":[{"id":"d1","text":"Sixteen weeks.","title":"Leave","url":"https://x/leave#0"}]}`; isError || text != want {
		t.Errorf("%s", text)
	}
	text, _ = call(t, session, "search", map[string]any{
		"query": "leave", "collections": []string{"hr"}, "top_k": 3, "mode": "lexical", "min_score": .5, "explain": true,
		"filter": map[string]any{"type": "eq", "key": "year", "value": 2024},
	})
	if !strings.Contains(text, `"rag":{`) {
		t.Errorf("no record: %s", text)
	}
	want := `{"collections":["hr"],"explain":true,"filter":{"key":"year","type":"eq","value":2024},"min_score":0.5,"mode":"lexical","top_k":3}`
	if got := library.controls; got[0] != "{}" || got[1] != want {
		t.Errorf("controls %v", got)
	}
}

func TestFetchReturnsTheWholeTextInParts(t *testing.T) {
	session := connect(t, &shelf{}, someone)
	text, _ := call(t, session, "fetch", map[string]any{"id": "d1"})
	if want := `{"id":"d1","metadata":{"collection":"default","uri":"leave.md","year":2024},"text":"Sixteen weeks.","title":"Leave","url":"https://x/leave"}`; text != want {
		t.Errorf("%s", text)
	}
	all, from := "", 0
	for range 5 {
		text, _ := call(t, session, "fetch", map[string]any{"id": "d2", "from": from})
		var d struct {
			Text     string
			Metadata struct {
				Next int `json:"next_from"`
			}
		}
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		all += d.Text
		if from = d.Metadata.Next; from == 0 {
			break
		}
	}
	if all != manuals["d2"].Text {
		t.Errorf("%d bytes of %d", len(all), len(manuals["d2"].Text))
	}
}

func TestWhoMayNotSeeADocumentHearsThatThereIsNone(t *testing.T) {
	session := connect(t, &shelf{}, retriever.Scope{})
	if text, _ := call(t, session, "search", map[string]any{"query": "leave"}); text != `{"results":[]}` {
		t.Errorf("search: %s", text)
	}
	hidden, isError := call(t, session, "fetch", map[string]any{"id": "d1"})
	missing, _ := call(t, session, "fetch", map[string]any{"id": "nowhere"})
	if !isError || hidden != missing || hidden != "no such document" {
		t.Errorf("hidden %q, missing %q", hidden, missing)
	}
}

func TestMistakesAreAnswersThatAModelCanRead(t *testing.T) {
	session := connect(t, &shelf{}, someone)
	for _, tc := range []struct {
		args map[string]any
		want string
	}{
		{map[string]any{"query": ""}, "query: want what to look for"},
		{map[string]any{"query": "x", "filter": map[string]any{"type": "bad"}}, "no such field"},
		{map[string]any{"query": "broken"}, "store_unavailable"},
		{map[string]any{"query": "x", "top_k": "many"}, "top_k"},
		{map[string]any{}, "query"},
	} {
		text, isError := call(t, session, "search", tc.args)
		if !isError || !strings.Contains(text, tc.want) || strings.Contains(text, "10.0.0.1") {
			t.Errorf("%v: %q", tc.args, text)
		}
	}
}

func TestCallsRunSideBySide(t *testing.T) {
	session := connect(t, &shelf{}, someone)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if text, isError := call(t, session, "fetch", map[string]any{"id": "d1"}); isError {
				t.Error(text)
			}
		})
	}
	all.Wait()
}

func TestServeIOEndsWithItsInput(t *testing.T) {
	s, err := mcp.New(mcp.Options{Library: func() mcp.Library { return &shelf{} }})
	if err != nil {
		t.Fatal(err)
	}
	fromClient, toServer := io.Pipe()
	fromServer, toClient := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- s.ServeIO(t.Context(), fromClient, toClient, gateway.Caller{Scope: someone}) }()
	client := sdk.NewClient(&sdk.Implementation{Name: "test"}, nil)
	session, err := client.Connect(t.Context(), &sdk.IOTransport{Reader: fromServer, Writer: toServer}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := call(t, session, "search", map[string]any{"query": "leave"}); !strings.Contains(text, "Sixteen weeks.") {
		t.Errorf("%s", text)
	}
	_ = session.Close()
	<-done
}
