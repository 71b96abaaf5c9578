package qdrant_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"ragway/retriever"
	"ragway/retriever/qdrant"
)

// crash is an error that is not retried.
var crash = status.Error(codes.InvalidArgument, "the test says so")

func TestCrashedReplaceIsInvisibleAndRepaired(t *testing.T) {
	for _, tc := range []struct {
		name   string
		method string
		fails  func(req any) bool
		want   []string // what readers see after the crash
	}{
		{"before the chunks", api.Points_Upsert_FullMethodName, func(req any) bool { return !isCommit(req) }, []string{"shared old", "shared older"}},
		{"before the commit", api.Points_Upsert_FullMethodName, isCommit, []string{"shared old", "shared older"}},
		{"before the old chunks go", api.Points_Delete_FullMethodName, func(any) bool { return true }, []string{"shared new"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPeer(t)
			p.put(document("a", "shared old", "shared older"))
			p.on(tc.method, func(req any, handle func() (any, error)) (any, error) {
				if tc.fails(req) {
					return nil, crash
				}
				return handle()
			})
			if n, err := p.store.Put(p.ctx, "docs", []retriever.Upsert{document("a", "shared new")}); err == nil || n != 0 {
				t.Fatalf("Put stored %d, error %v", n, err)
			}
			p.server.Intercept(nil)
			got := p.texts("shared")
			slices.Sort(got)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("after the crash (-want +got):\n%s", diff)
			}
			p.put(document("a", "shared new"))
			if diff := cmp.Diff([]string{"shared new"}, p.texts("shared")); diff != "" {
				t.Errorf("after the next Put (-want +got):\n%s", diff)
			}
			if n := p.stored(); n != 1 {
				t.Errorf("%d chunks on the server, want 1", n)
			}
		})
	}
}

func TestCommitMovesLastIngestThoughItsProcessIsKilled(t *testing.T) {
	p := newPeer(t)
	before, err := p.store.Collection(p.ctx, retriever.Operator(), "docs")
	p.must(err)
	committed := false
	p.on(api.Points_Upsert_FullMethodName, func(req any, handle func() (any, error)) (any, error) {
		if committed {
			return nil, crash
		}
		committed = isCommit(req)
		return handle()
	})
	if _, err := p.store.Put(p.ctx, "docs", []retriever.Upsert{document("a", "shared")}); err == nil {
		t.Fatal("Put reports no error")
	}
	p.server.Intercept(nil)
	after, err := p.store.Collection(p.ctx, retriever.Operator(), "docs")
	p.must(err)
	if after.Documents != 1 || !after.LastIngest.After(before.LastIngest) {
		t.Errorf("%d documents, last ingest %v, then %v", after.Documents, before.LastIngest, after.LastIngest)
	}
}

func TestCrashedDeleteHidesTheDocument(t *testing.T) {
	p := newPeer(t)
	a := document("a", "shared one", "shared two")
	p.put(a)
	calls := 0
	p.on(api.Points_Delete_FullMethodName, func(_ any, handle func() (any, error)) (any, error) {
		if calls++; calls == 2 {
			return nil, crash
		}
		return handle()
	})
	if _, err := p.store.Delete(p.ctx, "docs", []string{a.Document.ID}); err == nil {
		t.Fatal("Delete reports no error")
	}
	p.server.Intercept(nil)
	if got := p.texts("shared"); len(got) != 0 {
		t.Errorf("readers see %q", got)
	}
	_, err := p.store.Delete(p.ctx, "docs", []string{a.Document.ID})
	p.must(err)
	if n := p.stored(); n != 0 {
		t.Errorf("%d chunks on the server, want none", n)
	}
}

func TestUnconfirmedWriteIsAnError(t *testing.T) {
	p := newPeer(t)
	p.on(api.Points_Upsert_FullMethodName, func(_ any, handle func() (any, error)) (any, error) {
		answer, err := handle()
		answer.(*api.PointsOperationResponse).Result.Status = api.UpdateStatus_WaitTimeout
		return answer, err
	})
	n, err := p.store.Put(p.ctx, "docs", []retriever.Upsert{document("a", "alpha")})
	if n != 0 || !errors.Is(err, retriever.ErrUnavailable) {
		t.Errorf("stored %d, error %v, want 0 and ErrUnavailable", n, err)
	}
}

func TestLaterWriteOfOneDocumentWins(t *testing.T) {
	p := newPeer(t)
	other := p.open(qdrant.Options{})
	p.put(document("a", "shared zero"))
	var interrupted atomic.Bool
	p.on(api.Points_Upsert_FullMethodName, func(req any, handle func() (any, error)) (any, error) {
		if isCommit(req) && interrupted.CompareAndSwap(false, true) {
			// The other writer starts later and commits first.
			if _, err := other.Put(p.ctx, "docs", []retriever.Upsert{document("a", "shared later", "shared later two")}); err != nil {
				t.Error(err)
			}
		}
		return handle()
	})
	p.put(document("a", "shared earlier", "shared earlier two", "shared earlier three"))
	got := p.texts("shared")
	slices.Sort(got)
	if diff := cmp.Diff([]string{"shared later", "shared later two"}, got); diff != "" {
		t.Errorf("readers see (-want +got):\n%s", diff)
	}
	if n := p.stored(); n != 2 {
		t.Errorf("%d chunks on the server, want the winner's 2", n)
	}
}

func TestReaderAcrossACommitSeesOneVersionWhole(t *testing.T) {
	p := newPeer(t)
	writer := p.open(qdrant.Options{})
	p.put(document("a", "shared old"), document("b", "shared other"))
	var once sync.Once
	p.on(api.Points_QueryBatch_FullMethodName, func(_ any, handle func() (any, error)) (any, error) {
		answer, err := handle()
		once.Do(func() { // after the query, before the manifests are read
			if _, err := writer.Put(p.ctx, "docs", []retriever.Upsert{document("a", "shared new", "shared newer")}); err != nil {
				t.Error(err)
			}
		})
		return answer, err
	})
	got := p.texts("shared")
	slices.Sort(got)
	if diff := cmp.Diff([]string{"shared new", "shared newer", "shared other"}, got); diff != "" {
		t.Errorf("readers see (-want +got):\n%s", diff)
	}
}

// Debris of the old version ranks above everything, so that a list without a refill
// would come out short.
func TestDroppedChunksAreRefilled(t *testing.T) {
	p := newPeer(t)
	var old []string
	for range 60 {
		old = append(old, "shared shared shared")
	}
	p.put(document("a", old...), document("b", "shared among several other words"), document("c", "shared among many more other words"))
	p.on(api.Points_Delete_FullMethodName, func(any, func() (any, error)) (any, error) { return nil, crash })
	if _, err := p.store.Put(p.ctx, "docs", []retriever.Upsert{document("a", "nothing")}); err == nil {
		t.Fatal("Put reports no error")
	}
	p.server.Intercept(nil)
	set, err := p.store.Candidates(p.ctx, retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "shared", Depth: 2})
	p.must(err)
	var got []string
	for _, c := range set.Candidates {
		got = append(got, c.Document.URI)
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"b", "c"}, got); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
}

func TestTieAcrossTheCutIsSettledByID(t *testing.T) {
	p := newPeer(t)
	texts := slices.Repeat([]string{"same words"}, 200)
	all := document("a", texts...)
	p.put(all)
	var ids []string
	for _, c := range all.Chunks {
		ids = append(ids, c.ID)
	}
	slices.Sort(ids)
	set, err := p.store.Candidates(p.ctx, retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(),
		Text: "same", Vector: retriever.Vector{1, 0}, Depth: 3})
	p.must(err)
	var got []string
	for _, c := range set.Candidates {
		got = append(got, c.Chunk.ID)
	}
	if diff := cmp.Diff(ids[:3], got); diff != "" {
		t.Errorf("chunks (-want +got):\n%s", diff)
	}
}

func TestAverageLengthIsFrozenAtTheFirstPut(t *testing.T) {
	p := newPeer(t)
	average := func() float64 {
		info, err := rawClient(t, p.address).GetCollectionInfo(p.ctx, "ragway_docs")
		p.must(err)
		return info.GetConfig().GetMetadata()["ragway_average_length"].GetDoubleValue()
	}
	p.put(document("empty"))
	if got := average(); got != 0 {
		t.Errorf("average %v before the first chunk, want none", got)
	}
	p.put(document("a", "one two"))
	first := average()
	if first <= 0 {
		t.Fatalf("average %v after the first chunk", first)
	}
	_, err := p.open(qdrant.Options{}).Put(context.Background(), "docs", []retriever.Upsert{document("b", "one two three four five six")})
	p.must(err)
	if got := average(); got != first {
		t.Errorf("average moved from %v to %v", first, got)
	}
}

func TestTextThatIsNotUTF8IsRefused(t *testing.T) {
	p := newPeer(t)
	n, err := p.store.Put(p.ctx, "docs", []retriever.Upsert{document("a", "fine"), document("b", "bad \xff")})
	if n != 1 || err == nil || errors.Is(err, retriever.ErrUnavailable) {
		t.Errorf("stored %d, error %v, want 1 and an error of the document", n, err)
	}
}
