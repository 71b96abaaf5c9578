package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
	"ragway/gateway/upstream"
	"ragway/retriever"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// library is a small store and retriever in one: it finds the documents whose text shares
// a word with the query.
type library struct {
	mu       sync.Mutex
	docs     []retriever.Document
	chunks   map[string][]retriever.Chunk
	err      error // of every call, when set
	degraded []retriever.Degradation
	queries  []retriever.Query
}

func newLibrary(docs ...retriever.Document) *library {
	return &library{chunks: map[string][]retriever.Chunk{}}
}

// put adds a document of one chunk a paragraph.
func (l *library) put(d retriever.Document, paragraphs ...string) retriever.Document {
	if d.Collection == "" {
		d.Collection = retriever.DefaultCollection
	}
	if d.Tenant == "" {
		d.Tenant = retriever.DefaultTenant
	}
	u := retriever.Upsert{Document: d}
	at := 0
	for _, p := range paragraphs {
		n := len([]rune(p))
		u.Chunks = append(u.Chunks, retriever.Chunk{Text: p, Span: retriever.Span{Start: at, End: at + n}, Tokens: n / 4})
		at += n + 2
	}
	u.Seal()
	l.docs = append(l.docs, u.Document)
	l.chunks[u.Document.ID] = u.Chunks
	return u.Document
}

func (l *library) Ping(context.Context) error { return l.err }

func (l *library) Document(_ context.Context, scope retriever.Scope, id string) (retriever.Document, []retriever.Chunk, error) {
	for _, d := range l.docs {
		if d.ID == id && scope.Allows(d) && scope.AllowsCollection(d.Collection) {
			return d, l.chunks[id], l.err
		}
	}
	return retriever.Document{}, nil, retriever.ErrDocumentNotFound
}

func (l *library) Retrieve(ctx context.Context, q retriever.Query) (retriever.Result, error) {
	l.mu.Lock()
	l.queries = append(l.queries, q)
	l.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return retriever.Result{}, err
	}
	r := retriever.Result{Query: q.Text, Mode: q.Mode, Degraded: l.degraded, EmbedTokens: 3}
	if l.err != nil {
		return r, l.err
	}
	known := map[string]bool{retriever.DefaultCollection: true}
	for _, d := range l.docs {
		known[d.Collection] = true
	}
	for _, name := range q.Collections {
		if name != retriever.AllCollections && (!known[name] || !q.Scope.AllowsCollection(name)) {
			return r, &notFound{name}
		}
	}
	for _, d := range l.docs {
		if !q.Scope.Allows(d) || !q.Scope.AllowsCollection(d.Collection) || !slices.Contains(q.Collections, d.Collection) {
			continue
		}
		for _, c := range l.chunks[d.ID] {
			if rel := shared(q.Text, c.Text); rel > 0 && rel >= q.MinScore && len(r.Hits) < q.K {
				r.Hits = append(r.Hits, retriever.Hit{Passage: retriever.Passage{Chunk: c, Document: d}, Relevance: rel, Score: rel})
			}
		}
	}
	return r, nil
}

func (l *library) lastQuery(t *testing.T) retriever.Query {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queries) == 0 {
		t.Fatal("nothing was retrieved")
	}
	return l.queries[len(l.queries)-1]
}

type notFound struct{ name string }

func (e *notFound) Error() string { return "collection " + e.name + ": not found" }
func (e *notFound) Unwrap() error { return retriever.ErrCollectionNotFound }

// shared is the share of the query's words of four letters or more that text holds.
func shared(query, text string) float64 {
	words, hit := 0, 0
	for _, w := range strings.FieldsFunc(strings.ToLower(query), func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789", r) }) {
		if len(w) < 4 {
			continue
		}
		words++
		if strings.Contains(strings.ToLower(text), w) {
			hit++
		}
	}
	if words == 0 {
		return 0
	}
	return float64(hit) / float64(words)
}

// gate is a running gateway with what stands around it.
type gate struct {
	url     string // without /v1
	model   *gatewaytest.Server
	library *library
	metrics *prometheus.Registry
	log     *lockedBuffer
	server  *gateway.Server
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs a gateway in front of a scripted model server, with two documents.
func start(t testing.TB, script gatewaytest.Script, change ...func(*gateway.Options)) *gate {
	t.Helper()
	g := &gate{model: gatewaytest.Start(t, script), library: newLibrary(), metrics: prometheus.NewRegistry(), log: &lockedBuffer{}}
	g.library.put(retriever.Document{URI: "handbook/leave.md", Title: "Leave"}, "Parental leave lasts sixteen weeks.", "Parental leave is paid in full.")
	g.library.put(retriever.Document{URI: "handbook/secret.md", Title: "Salaries", ACL: []string{"group:hr"}}, "Salaries of the parental board are secret.")
	up, err := upstream.NewHTTP(upstream.HTTPOptions{Name: "fake", BaseURL: g.model.URL, Key: "sk-upstream-0123456789abcdef",
		APIs: []gateway.API{gateway.OpenAI, gateway.Anthropic, gateway.Gemini}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(up.CloseIdleConnections)
	o := gateway.Options{
		Retriever: g.library, Store: g.library, Upstream: up, Registerer: g.metrics, Gatherer: g.metrics,
		Secret: []byte("a secret for tests, thirty-two b"), Logger: slog.New(slog.NewJSONHandler(g.log, nil)),
		Now: func() time.Time { return time.Now() },
	}
	for _, c := range change {
		c(&o)
	}
	g.server, err = gateway.New(o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(g.server.Handler())
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		srv.CloseClientConnections()
		srv.Close()
	})
	g.url = srv.URL
	return g
}

// answer is what came back from the gateway.
type answer struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
}

func (g *gate) post(t testing.TB, path, body string, header ...string) answer {
	t.Helper()
	return g.do(t, http.MethodPost, path, body, header...)
}

func (g *gate) get(t testing.TB, path string, header ...string) answer {
	t.Helper()
	return g.do(t, http.MethodGet, path, "", header...)
}

// do sends one request; header holds names and values in turn.
func (g *gate) do(t testing.TB, method, path, body string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, g.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(data), err}
}

// decode reads JSON into v.
func decode[T any](t testing.TB, body string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
}

// errorBody is an error as clients see it.
type errorBody struct {
	Error struct {
		Message, Type, Source, Stage string
		Code, Param                  *string
	}
}

func (a answer) code(t testing.TB) string {
	t.Helper()
	e := decode[errorBody](t, a.body)
	if e.Error.Code == nil {
		t.Fatalf("no code in %s", a.body)
	}
	return *e.Error.Code
}

// chatBody asks question, with further members.
func chatBody(question, members string) string {
	if members != "" {
		members = "," + members
	}
	q, _ := json.Marshal(question)
	return `{"model":"fake-1","messages":[{"role":"user","content":` + string(q) + `}]` + members + `}`
}
