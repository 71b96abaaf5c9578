package uploads_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"ragway/gateway"
	"ragway/gateway/uploads"
	"ragway/retriever"
	"ragway/retriever/local"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mill ingests each item as one document of one chunk, its text.
type mill struct {
	store retriever.Store

	mu     sync.Mutex
	calls  int
	err    error                      // of each call, when set
	refuse map[string]uploads.Failure // by name
	before func(items []uploads.Item) // called first, when set
}

func (m *mill) ingest(ctx context.Context, collection, tenant string, items []uploads.Item) ([]uploads.Failure, error) {
	m.mu.Lock()
	m.calls++
	before, err := m.before, m.err
	m.mu.Unlock()
	if before != nil {
		before(items)
	}
	if err != nil {
		return nil, err
	}
	cerr := m.store.CreateCollection(ctx, retriever.Collection{Name: collection, Chunking: retriever.Chunking{Tokens: 400, Tokenizer: "words"}})
	if cerr != nil && !errors.Is(cerr, retriever.ErrCollectionExists) {
		return nil, cerr
	}
	var failures []uploads.Failure
	for _, it := range items {
		doc := retriever.Document{Collection: collection, Tenant: tenant, URI: it.URI, Hash: it.SHA256, Size: it.Size, ACL: it.ACL, Metadata: it.Metadata}
		if f, ok := m.refuse[it.Name]; ok && !it.Deleted {
			f.URI = it.URI
			failures = append(failures, f)
			continue
		}
		if it.Deleted {
			if _, err := m.store.Delete(ctx, collection, []string{retriever.DocumentID(collection, tenant, it.URI)}); err != nil {
				return nil, err
			}
			continue
		}
		r, err := it.Open(ctx)
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return nil, err
		}
		if doc.Metadata, err = doc.Metadata.Check(); err != nil {
			return nil, err
		}
		up := retriever.Upsert{Document: doc, Chunks: []retriever.Chunk{{Text: string(text), Span: retriever.Span{End: len([]rune(string(text)))}}}}
		up.Seal()
		if _, err := m.store.Put(ctx, collection, []retriever.Upsert{up}); err != nil {
			return nil, err
		}
	}
	return failures, nil
}

func (m *mill) set(change func(*mill)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

// house is a library over a real store.
type house struct {
	*uploads.Library
	t     *testing.T
	store retriever.Store
	mill  *mill
	opt   uploads.Options
	stop  func()
}

func newHouse(t *testing.T, change ...func(*uploads.Options)) *house {
	t.Helper()
	dir := t.TempDir()
	store, err := local.Open(t.Context(), local.Options{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &house{t: t, store: store, mill: &mill{store: store}, stop: func() {}}
	h.opt = uploads.Options{
		Store: store, Scope: retriever.Operator(), Dir: filepath.Join(dir, "uploads"), Ingest: h.mill.ingest, Owner: "one", Poll: 10 * time.Millisecond,
		Patience: time.Minute, // of a machine that is busy
	}
	for _, c := range change {
		c(&h.opt)
	}
	h.Library = h.library()
	return h
}

func (h *house) library() *uploads.Library {
	h.t.Helper()
	l, err := uploads.New(h.opt)
	if err != nil {
		h.t.Fatal(err)
	}
	return l
}

// work starts the worker; it ends with the test, or with stop.
func (h *house) work() *house {
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.Run(ctx)
	}()
	h.stop = func() { cancel(); <-ended }
	h.t.Cleanup(h.stop)
	return h
}

var (
	anyone = retriever.Scope{Tenant: "t", Collections: []string{retriever.AllCollections}}
	ann    = scopeOf("t", "user:ann")
	bob    = scopeOf("t", "user:bob")
	other  = retriever.Scope{Tenant: "other", Collections: []string{retriever.AllCollections}}
)

func scopeOf(tenant string, principals ...string) retriever.Scope {
	return retriever.Scope{Tenant: tenant, Principals: principals, Collections: []string{retriever.AllCollections}}
}

func newFile(name, text string) gateway.NewFile {
	return gateway.NewFile{Name: name, Content: strings.NewReader(text), Purpose: func() string { return "assistants" }}
}

func (h *house) file(scope retriever.Scope, name, text string) string {
	h.t.Helper()
	f, err := h.CreateFile(h.t.Context(), scope, newFile(name, text))
	if err != nil {
		h.t.Fatal(err)
	}
	return f.ID
}

func (h *house) vectorStore(scope retriever.Scope, name string) string {
	h.t.Helper()
	v, err := h.CreateVectorStore(h.t.Context(), scope, gateway.AboutStore{Name: &name})
	if err != nil {
		h.t.Fatal(err)
	}
	return v.Collection
}

func (h *house) attach(scope retriever.Scope, store, file string, acl ...string) {
	h.t.Helper()
	if _, err := h.Attach(h.t.Context(), scope, store, gateway.Attachment{File: file, ACL: acl}); err != nil {
		h.t.Fatal(err)
	}
}

// settled waits until a file is no longer in progress.
func (h *house) settled(scope retriever.Scope, store, file string) gateway.VectorStoreFile {
	h.t.Helper()
	return h.until(scope, store, file, func(f gateway.VectorStoreFile) bool { return f.Status != gateway.InProgress })
}

func (h *house) until(scope retriever.Scope, store, file string, ok func(gateway.VectorStoreFile) bool) gateway.VectorStoreFile {
	h.t.Helper()
	for {
		f, err := h.VectorStoreFile(h.t.Context(), scope, store, file)
		if err != nil {
			h.t.Fatal(err)
		}
		if ok(f) {
			return f
		}
	}
}

// texts are what a scope reads of a collection.
func (h *house) texts(scope retriever.Scope, collection string) []string {
	h.t.Helper()
	var out []string
	for d, err := range h.store.Documents(h.t.Context(), scope, collection, "") {
		if errors.Is(err, retriever.ErrCollectionNotFound) {
			return nil
		}
		if err != nil {
			h.t.Fatal(err)
		}
		_, chunks, err := h.store.Document(h.t.Context(), scope, d.ID)
		if err != nil {
			h.t.Fatal(err)
		}
		out = append(out, chunks[0].Text)
	}
	slices.Sort(out)
	return out
}

func wantError(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("error %v, want %v", err, target)
	}
}

func TestFilesAreForWhoHasTheUploadersRights(t *testing.T) {
	h := newHouse(t)
	id := h.file(ann, "secret.txt", "Ann's salary")
	open := h.file(anyone, "open.txt", "The canteen's menu")
	for _, tt := range []struct {
		name  string
		scope retriever.Scope
		sees  []string
	}{
		{"the uploader", ann, []string{open, id}},
		{"who has more", scopeOf("t", "group:hr", "user:ann"), []string{open, id}},
		{"another of the tenant", bob, []string{open}},
		{"one without principals", anyone, []string{open}},
		{"another tenant", scopeOf("other", "user:ann"), nil},
		{"the zero Scope", retriever.Scope{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files, err := h.Files(t.Context(), tt.scope)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range files {
				got = append(got, f.ID)
			}
			slices.Sort(got)
			slices.Sort(tt.sees)
			if !slices.Equal(got, tt.sees) {
				t.Errorf("sees %v, want %v", got, tt.sees)
			}
			if slices.Contains(tt.sees, id) {
				return
			}
			_, err = h.File(t.Context(), tt.scope, id)
			wantError(t, err, gateway.ErrFileNotFound)
			_, err = h.Attach(t.Context(), tt.scope, retriever.DefaultCollection, gateway.Attachment{File: id})
			if !errors.Is(err, gateway.ErrFileNotFound) && !errors.Is(err, gateway.ErrVectorStoreNotFound) {
				t.Errorf("attaching: %v", err)
			}
			wantError(t, h.DeleteFile(t.Context(), tt.scope, id), gateway.ErrFileNotFound)
		})
	}
}

// TestNobodySeesMoreOfAVectorStore holds every read against what its caller may see.
func TestNobodySeesMoreOfAVectorStore(t *testing.T) {
	h := newHouse(t).work()
	store := h.vectorStore(ann, "Ann's")
	id := h.file(ann, "secret.txt", "Ann's salary")
	h.attach(ann, store, id, "user:ann")
	if f := h.settled(ann, store, id); f.Status != gateway.Completed {
		t.Fatalf("file %+v", f)
	}
	for name, scope := range map[string]retriever.Scope{"bob": bob, "another tenant": other} {
		_, err := h.VectorStoreFile(t.Context(), scope, store, id)
		if !errors.Is(err, gateway.ErrFileNotFound) && !errors.Is(err, gateway.ErrVectorStoreNotFound) {
			t.Errorf("%s reads the file: %v", name, err)
		}
		for f, err := range h.VectorStoreFiles(t.Context(), scope, store, "") {
			if err == nil {
				t.Errorf("%s is told of %+v", name, f)
			}
		}
		if docs, err := h.DocumentsOf(t.Context(), scope, store, id); len(docs) > 0 {
			t.Errorf("%s reads %v, %v", name, docs, err)
		}
		if v, err := h.VectorStore(t.Context(), scope, store); err == nil && v.Files.Total > 0 {
			t.Errorf("%s counts %+v", name, v.Files)
		}
		if err := h.Detach(t.Context(), scope, store, id); err == nil {
			t.Errorf("%s takes the file out", name)
		}
	}
	wantError(t, h.DeleteVectorStore(t.Context(), bob, store), gateway.ErrNotYours)
	wantError(t, h.DeleteVectorStore(t.Context(), other, store), gateway.ErrVectorStoreNotFound)
	if stores, err := h.VectorStores(t.Context(), other); err != nil || len(stores) > 0 {
		t.Errorf("another tenant lists %v, %v", stores, err)
	}
	if got := h.texts(ann, store); !slices.Equal(got, []string{"Ann's salary"}) {
		t.Errorf("ann reads %v", got)
	}
	if err := h.DeleteVectorStore(t.Context(), ann, store); err != nil {
		t.Fatal(err)
	}
	if got := h.texts(retriever.Operator(), store); got != nil {
		t.Errorf("of the deleted vector store there is %v", got)
	}
}

func TestTakingOutAgainstTheCourseOfAnIngest(t *testing.T) {
	started, goOn := make(chan struct{}), make(chan struct{})
	h := newHouse(t)
	var once sync.Once
	h.mill.before = func([]uploads.Item) {
		once.Do(func() { close(started); <-goOn })
	}
	h.work()
	store, id := h.vectorStore(anyone, "S"), h.file(anyone, "a.txt", "text")
	h.attach(anyone, store, id)
	<-started // the file is about to be stored
	detached := make(chan error, 1)
	go func() { detached <- h.Detach(t.Context(), anyone, store, id) }()
	for { // until it is wanted no more
		if _, err := h.VectorStoreFile(t.Context(), anyone, store, id); err != nil {
			break
		}
	}
	close(goOn)
	if err := <-detached; err != nil {
		t.Fatal(err)
	}
	if got := h.texts(anyone, store); got != nil {
		t.Errorf("after it was taken out there is %v", got)
	}
	if _, err := h.File(t.Context(), anyone, id); err != nil {
		t.Errorf("the file itself: %v", err)
	}
}

func TestWithdrawnAccessIsInForceWhenAcknowledged(t *testing.T) {
	started, goOn := make(chan struct{}), make(chan struct{})
	h := newHouse(t)
	h.mill.before = func([]uploads.Item) {
		select {
		case started <- struct{}{}:
			<-goOn
		case <-goOn:
		}
	}
	h.work()
	store, id := h.vectorStore(ann, "S"), h.file(ann, "a.txt", "text")
	h.attach(ann, store, id)
	<-started // with no access list
	changed := make(chan error, 1)
	go func() {
		_, err := h.UpdateVectorStoreFile(t.Context(), ann, store, id, nil, []string{"user:ann"})
		changed <- err
	}()
	h.until(ann, store, id, func(f gateway.VectorStoreFile) bool { return f.Metadata["acl"] == "user:ann" })
	close(goOn)
	if err := <-changed; err != nil {
		t.Fatal(err)
	}
	if got := h.texts(bob, store); got != nil {
		t.Errorf("bob reads %v", got)
	}
	if got := h.texts(ann, store); len(got) != 1 {
		t.Errorf("ann reads %v", got)
	}
}

func TestChangeIsPendingWhileNothingIsIngested(t *testing.T) {
	h := newHouse(t, func(o *uploads.Options) { o.Patience = 20 * time.Millisecond }) // and no worker
	store, id := h.vectorStore(ann, "S"), h.file(ann, "a.txt", "text")
	h.attach(ann, store, id)
	_, err := h.UpdateVectorStoreFile(t.Context(), ann, store, id, nil, []string{"user:ann"})
	wantError(t, err, gateway.ErrPending)
	wantError(t, h.Detach(t.Context(), ann, store, id), gateway.ErrPending)
	_, err = h.VectorStoreFile(t.Context(), ann, store, id)
	wantError(t, err, gateway.ErrFileNotFound) // it is told of no more
	h.work()
	for { // what was acknowledged as pending is done by whoever comes
		err := h.DeleteVectorStore(t.Context(), ann, store)
		if err == nil || errors.Is(err, gateway.ErrVectorStoreNotFound) {
			break
		}
		if !errors.Is(err, gateway.ErrPending) {
			t.Fatal(err)
		}
	}
	if got := h.texts(retriever.Operator(), store); got != nil {
		t.Errorf("there is %v", got)
	}
}

func (m *mill) called() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls
}

// TestAnotherProcessTakesUpWhatIsLeft stops before each kind of work has been done, as a
// crash would, and has another library finish it.
func TestAnotherProcessTakesUpWhatIsLeft(t *testing.T) {
	h := newHouse(t, func(o *uploads.Options) { o.Patience = 20 * time.Millisecond }).work()
	store := h.vectorStore(anyone, "S")
	stays, goes, dies := h.file(anyone, "stays.txt", "stays"), h.file(anyone, "goes.txt", "goes"), h.file(anyone, "dies.txt", "dies")
	h.attach(anyone, store, goes)
	h.attach(anyone, store, dies)
	h.settled(anyone, store, goes)
	h.settled(anyone, store, dies)
	h.stop()

	h.attach(anyone, store, stays)
	wantError(t, h.Detach(t.Context(), anyone, store, goes), gateway.ErrPending)
	wantError(t, h.DeleteFile(t.Context(), anyone, dies), gateway.ErrPending)
	torn := h.vectorStore(anyone, "Torn down")
	wantError(t, h.DeleteVectorStore(t.Context(), anyone, torn), gateway.ErrPending)
	old := filepath.Join(h.opt.Dir, ".part-123")
	writeOld(t, old)
	orphan := filepath.Join(h.opt.Dir, "file-"+strings.Repeat("a", 26))
	writeOld(t, orphan)

	h.opt.Owner = "two"
	h.Library = h.library()
	h.work()
	if f := h.settled(anyone, store, stays); f.Status != gateway.Completed {
		t.Errorf("what was attached: %+v", f)
	}
	for { // the record of the file goes last
		entries, err := os.ReadDir(h.opt.Dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 2 {
			break
		}
	}
	if got := h.texts(anyone, store); !slices.Equal(got, []string{"stays"}) {
		t.Errorf("there is %v, want stays", got)
	}
	for _, path := range []string{old, orphan, filepath.Join(h.opt.Dir, dies)} {
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", path, err)
		}
	}
	_, err := h.VectorStore(t.Context(), anyone, torn)
	wantError(t, err, gateway.ErrVectorStoreNotFound)
}

func writeOld(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-3 * time.Hour)
	if err := os.Chtimes(path, long, long); err != nil {
		t.Fatal(err)
	}
}

func TestDiskIsBounded(t *testing.T) {
	h := newHouse(t, func(o *uploads.Options) { o.FileBytes, o.TotalBytes, o.TotalFiles = 10, 25, 3 })
	ctx := t.Context()
	create := func(text string) error {
		_, err := h.CreateFile(ctx, anyone, newFile("f", text))
		return err
	}
	wantError(t, create(strings.Repeat("x", 11)), gateway.ErrFileTooLarge)
	wantError(t, create(""), gateway.ErrFileEmpty)
	lost := errors.New("the line went dead")
	_, err := h.CreateFile(ctx, anyone, gateway.NewFile{Name: "f", Content: io.MultiReader(strings.NewReader("x"), errReader{lost}), Purpose: func() string { return "" }})
	wantError(t, err, lost)
	if entries, err := os.ReadDir(h.opt.Dir); err != nil || len(entries) > 0 {
		t.Fatalf("of refused files there is %v, %v", entries, err)
	}
	first := h.file(anyone, "f", "0123456789")
	if problems, err := testutil.CollectAndLint(h.Collector()); err != nil || len(problems) > 0 {
		t.Errorf("metrics: %v, %v", problems, err)
	}
	if err := testutil.CollectAndCompare(h.Collector(), strings.NewReader(`
# HELP ragway_upload_bytes Bytes of them.
# TYPE ragway_upload_bytes gauge
ragway_upload_bytes 10
`), "ragway_upload_bytes"); err != nil {
		t.Error(err)
	}
	h.file(anyone, "f", "0123456789")
	wantError(t, create("0123456789"), gateway.ErrStorageFull)
	h.file(anyone, "f", "01234")
	wantError(t, create("x"), gateway.ErrStorageFull) // a fourth
	h.work()
	if err := h.DeleteFile(ctx, anyone, first); err != nil {
		t.Fatal(err)
	}
	if err := create("0123456789"); err != nil {
		t.Errorf("after one was deleted: %v", err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestStatusOfAFailedRun(t *testing.T) {
	h := newHouse(t)
	h.mill.err = errors.New("embed: dial tcp 10.1.2.3:443")
	h.work()
	store, id := h.vectorStore(anyone, "S"), h.file(anyone, "a.txt", "text")
	h.attach(anyone, store, id)
	f := h.until(anyone, store, id, func(f gateway.VectorStoreFile) bool { return f.Error != nil })
	if f.Status != gateway.InProgress || f.Error.Code != "server_error" || strings.Contains(f.Error.Message, "10.1.2.3") {
		t.Errorf("while the embedder is down: %+v, %+v", f, f.Error)
	}
	h.mill.set(func(m *mill) { m.err = nil })
	if f := h.settled(anyone, store, id); f.Status != gateway.Completed || f.Error != nil {
		t.Errorf("once it is up: %+v", f)
	}
}

func TestPassingFailureIsTriedAgainAndThenGivenUp(t *testing.T) {
	clock := time.Now()
	var mu sync.Mutex
	h := newHouse(t, func(o *uploads.Options) {
		o.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); clock = clock.Add(time.Minute); return clock }
	})
	busy := gateway.FileError{Code: "server_error", Message: "busy"}
	h.mill.refuse = map[string]uploads.Failure{
		"a.txt": {Error: busy, Passing: true}, "b.txt": {Error: gateway.FileError{Code: "invalid_file", Message: "torn"}},
	}
	h.work()
	store, a, b := h.vectorStore(anyone, "S"), h.file(anyone, "a.txt", "text"), h.file(anyone, "b.txt", "text")
	h.attach(anyone, store, a)
	if f := h.settled(anyone, store, a); f.Status != gateway.Failed || f.Error.Message != "busy" {
		t.Errorf("after all attempts: %+v", f)
	}
	if n := h.mill.called(); n != 6 {
		t.Errorf("%d attempts, want 6", n)
	}
	h.attach(anyone, store, b)
	if f := h.settled(anyone, store, b); f.Status != gateway.Failed || f.Error.Message != "torn" {
		t.Errorf("a broken file: %+v", f)
	}
	if n := h.mill.called(); n != 7 {
		t.Errorf("%d calls, want 7: a broken file mends by no attempt", n)
	}
	h.mill.set(func(m *mill) { m.refuse = nil })
	h.attach(anyone, store, a) // asked for again, it is tried again
	if f := h.until(anyone, store, a, func(f gateway.VectorStoreFile) bool { return f.Status == gateway.Completed }); f.Error != nil {
		t.Errorf("tried again: %+v", f)
	}
}

func TestCancelledBatchKeepsWhatIsDone(t *testing.T) {
	h := newHouse(t)
	store := h.vectorStore(anyone, "S")
	var as []gateway.Attachment
	for _, name := range []string{"a.txt", "b.txt"} {
		as = append(as, gateway.Attachment{File: h.file(anyone, name, name)})
	}
	b, err := h.AttachBatch(t.Context(), anyone, store, as)
	if err != nil || b.Files.InProgress != 2 {
		t.Fatalf("batch %+v, %v", b, err)
	}
	_, err = h.FileBatch(t.Context(), other, store, b.ID)
	wantError(t, err, gateway.ErrVectorStoreNotFound)
	if b, err = h.CancelFileBatch(t.Context(), anyone, store, b.ID); err != nil || b.Files.Cancelled != 2 {
		t.Fatalf("cancelled batch %+v, %v", b, err)
	}
	done := h.file(anyone, "c.txt", "c")
	h.work()
	h.attach(anyone, store, done)
	h.settled(anyone, store, done)
	if got := h.texts(anyone, store); !slices.Equal(got, []string{"c"}) {
		t.Errorf("there is %v, want c", got)
	}
	_, err = h.AttachBatch(t.Context(), anyone, store, append(as, gateway.Attachment{File: "file-" + strings.Repeat("b", 26)}))
	wantError(t, err, gateway.ErrFileNotFound)
	for f, err := range h.VectorStoreFiles(t.Context(), anyone, store, "") {
		if err != nil || f.ID != done && f.Status != gateway.Cancelled {
			t.Errorf("file %+v, %v: a batch with one file that is missing must change none", f, err)
		}
	}
}

// TestTwoProcessesShareTheWork holds that each file is ingested by one of them, and that
// one that lacks the bytes leaves it to the other.
func TestTwoProcessesShareTheWork(t *testing.T) {
	h := newHouse(t)
	store := h.vectorStore(anyone, "S")
	id := h.file(anyone, "a.txt", "text")
	elsewhere := h.opt
	elsewhere.Dir, elsewhere.Owner = t.TempDir(), "two"
	elsewhere.Ingest = func(context.Context, string, string, []uploads.Item) ([]uploads.Failure, error) {
		t.Error("a process ingests what it does not have")
		return nil, nil
	}
	two, err := uploads.New(elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); two.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	if _, err := two.Attach(t.Context(), anyone, store, gateway.Attachment{File: id}); err != nil {
		t.Fatal(err)
	}
	h.work()
	if f := h.settled(anyone, store, id); f.Status != gateway.Completed {
		t.Errorf("file %+v", f)
	}
}
