package qdrant_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	api "github.com/qdrant/go-client/qdrant"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"ragway/retriever"
	"ragway/retriever/qdrant"
	"ragway/retriever/qdrant/qdranttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is a store on a server of this process, with the collection "docs".
type peer struct {
	*testing.T
	server  *qdranttest.Server
	address string
	store   *qdrant.Store
	ctx     context.Context
}

var testSpace = retriever.Fingerprint{Model: "test", Dimension: 2}

func newPeer(t *testing.T) *peer {
	t.Helper()
	p := &peer{T: t, server: new(qdranttest.Server), ctx: context.Background()}
	p.address = p.server.Start(t)
	p.store = p.open(qdrant.Options{})
	p.must(p.store.CreateCollection(p.ctx, retriever.Collection{Name: "docs", Fingerprint: testSpace}))
	return p
}

func (p *peer) open(o qdrant.Options) *qdrant.Store {
	p.Helper()
	if o.Addresses == nil {
		o.Addresses = []string{p.address}
	}
	s, err := qdrant.Open(p.ctx, o)
	p.must(err)
	p.Cleanup(func() { _ = s.Close() })
	return s
}

func (p *peer) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// document has a chunk a text.
func document(uri string, texts ...string) retriever.Upsert {
	u := retriever.Upsert{Space: testSpace, Document: retriever.Document{Collection: "docs", Tenant: "default", URI: uri, Hash: strings.Join(texts, "|")}}
	for _, text := range texts {
		u.Chunks = append(u.Chunks, retriever.Chunk{Text: text, Vector: retriever.Vector{1, 0}})
	}
	u.Seal()
	return u
}

func (p *peer) put(docs ...retriever.Upsert) {
	p.Helper()
	_, err := p.store.Put(p.ctx, "docs", docs)
	p.must(err)
}

// texts are the chunks that the store finds by a word, by chunk ID.
func (p *peer) texts(word string) []string {
	p.Helper()
	set, err := p.store.Candidates(p.ctx, retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: word, Depth: 50})
	p.must(err)
	out := []string{}
	for _, c := range set.Candidates {
		out = append(out, c.Chunk.Text)
	}
	return out
}

// stored counts the chunk points on the server, whatever readers make of them.
func (p *peer) stored() int {
	p.Helper()
	n, err := rawClient(p.T, p.address).Count(p.ctx, &api.CountPoints{CollectionName: "ragway_docs",
		Filter: &api.Filter{Must: []*api.Condition{api.NewMatch("kind", "chunk")}}})
	p.must(err)
	return int(n)
}

// on hands each call of a method to f, with a way to let it happen.
func (p *peer) on(method string, f func(req any, handle func() (any, error)) (any, error)) {
	p.server.Intercept(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		if info.FullMethod != method {
			return handle(ctx, req)
		}
		return f(req, func() (any, error) { return handle(ctx, req) })
	})
}

// isCommit reports whether an upsert is of manifests.
func isCommit(req any) bool {
	u, ok := req.(*api.UpsertPoints)
	return ok && slices.ContainsFunc(u.Points, func(p *api.PointStruct) bool { return p.Payload["kind"].GetStringValue() == "document" })
}
