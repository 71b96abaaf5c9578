package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	openai "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	goopenai "github.com/sashabaranov/go-openai"

	"ragway/gateway"
	"ragway/ingest"
	"ragway/retriever/qdrant/qdranttest"
)

// running is a server in this process.
type running struct {
	url  string
	stop func() // as Ctrl-C does; returns when it has ended
}

func startServer(t *testing.T, environ []string, flags ...string) running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		code := run(ctx, append(flags, "serve", "--listen", "127.0.0.1:0"), stdio{strings.NewReader(""), io.Discard, w}, environ)
		_ = w.Close() // never fails
		ended <- code
	}()
	var log bytes.Buffer
	sc := bufio.NewScanner(r)
	url := ""
	for url == "" && sc.Scan() {
		log.WriteString(sc.Text() + "\n")
		_, url, _ = strings.Cut(sc.Text(), "listening on ")
	}
	if url == "" {
		t.Fatalf("serve ended without listening: %s", log.String())
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(io.Discard, r) // until it ends
	}()
	stopped := false
	s := running{url, func() {
		if stopped {
			return
		}
		stopped = true
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if code := <-ended; code != exitDone {
			t.Errorf("serve: exit code %d", code)
		}
		<-drained
	}}
	t.Cleanup(s.stop)
	return s
}

func (r running) client() openai.Client {
	return openai.NewClient(option.WithBaseURL(r.url+"/v1"), option.WithAPIKey("none"), option.WithMaxRetries(0))
}

// pollEvery is how often the client asks, in milliseconds.
const pollEvery = 20

func upload(t *testing.T, c openai.Client, name, content string) string {
	t.Helper()
	f, err := c.Files.New(t.Context(), openai.FileNewParams{
		File: openai.File(strings.NewReader(content), name, "application/octet-stream"), Purpose: openai.FilePurposeAssistants,
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.Filename != name || f.Bytes != int64(len(content)) {
		t.Fatalf("file %+v", f)
	}
	return f.ID
}

func newStore(t *testing.T, c openai.Client, name string) string {
	t.Helper()
	vs, err := c.VectorStores.New(t.Context(), openai.VectorStoreNewParams{Name: param.NewOpt(name)})
	if err != nil {
		t.Fatal(err)
	}
	return vs.ID
}

func attach(t *testing.T, c openai.Client, store, file string) *openai.VectorStoreFile {
	t.Helper()
	f, err := c.VectorStores.Files.NewAndPoll(t.Context(), store, openai.VectorStoreFileNewParams{FileID: file}, pollEvery)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// foundIn are the ids of the files that a search finds.
func foundIn(t *testing.T, c openai.Client, store, question string) []string {
	t.Helper()
	page, err := c.VectorStores.Search(t.Context(), store, openai.VectorStoreSearchParams{
		Query: openai.VectorStoreSearchParamsQueryUnion{OfString: param.NewOpt(question)},
	})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, hit := range page.Data {
		ids = append(ids, hit.FileID)
	}
	return slices.Compact(ids)
}

func status(t *testing.T, err error) int {
	t.Helper()
	var e *openai.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no answer of the server", err)
	}
	return e.StatusCode
}

const leaveText = "# Leave\n\nNew parents take sixteen weeks of paid leave."

func TestUploadedFileIsFoundUntilItIsDeleted(t *testing.T) {
	t.Run("local", func(t *testing.T) { testUploadedFile(t, nil) })
	t.Run("qdrant", func(t *testing.T) {
		testUploadedFile(t, []string{"RAGWAY_STORE_QDRANT_ADDRESSES=" + new(qdranttest.Server).Start(t)}, "--store", "qdrant")
	})
}

func testUploadedFile(t *testing.T, environ []string, flags ...string) {
	s := startServer(t, environ, append(flags, "--data-dir", t.TempDir())...)
	c := s.client()
	file := upload(t, c, "leave.md", leaveText)
	one, two := newStore(t, c, "One"), newStore(t, c, "Two")
	if got := foundIn(t, c, one, "paid leave"); got != nil {
		t.Errorf("an empty vector store has %v", got)
	}
	for _, store := range []string{one, two} {
		if f := attach(t, c, store, file); f.Status != "completed" || f.UsageBytes != int64(len(leaveText)) {
			t.Fatalf("file %s", f.RawJSON())
		}
		if got := foundIn(t, c, store, "paid leave"); !slices.Equal(got, []string{file}) {
			t.Errorf("found %v, want %s", got, file)
		}
	}
	content, err := c.VectorStores.Files.Content(t.Context(), one, file)
	if err != nil || len(content.Data) != 1 || content.Data[0].Text != leaveText {
		t.Errorf("content %+v, %v", content, err)
	}
	vs, err := c.VectorStores.Get(t.Context(), one)
	if err != nil || vs.Name != "One" || vs.Status != "completed" || vs.FileCounts.Completed != 1 || vs.FileCounts.Total != 1 {
		t.Errorf("vector store %s, %v", vs.RawJSON(), err)
	}
	if _, err := c.VectorStores.Files.Delete(t.Context(), one, file); err != nil {
		t.Fatal(err)
	}
	if got := foundIn(t, c, one, "paid leave"); got != nil {
		t.Errorf("after it was taken out, One has %v", got)
	}
	if got := foundIn(t, c, two, "paid leave"); !slices.Equal(got, []string{file}) {
		t.Errorf("after it was taken out of One, Two has %v", got)
	}
	if _, err := c.Files.Delete(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	if got := foundIn(t, c, two, "paid leave"); got != nil {
		t.Errorf("after the file was deleted, Two has %v", got)
	}
	if _, err := c.Files.Get(t.Context(), file); status(t, err) != http.StatusNotFound {
		t.Errorf("the deleted file: %v", err)
	}
	if _, err := c.VectorStores.Delete(t.Context(), two); err != nil {
		t.Fatal(err)
	}
	if _, err := c.VectorStores.Get(t.Context(), two); status(t, err) != http.StatusNotFound {
		t.Errorf("the deleted vector store: %v", err)
	}
}

func zipOf(t *testing.T, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range files {
		f, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(f, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEachFileOfABatchHasItsTrueStatus(t *testing.T) {
	s := startServer(t, nil, "--data-dir", t.TempDir())
	c := s.client()
	store := newStore(t, c, "")
	want := map[string]string{}
	var ids []string
	for _, f := range []struct{ name, content, status string }{
		{"leave.md", leaveText, "completed "},
		{"all.zip", zipOf(t, map[string]string{"a.txt": "The canteen opens at noon.", "b/c.md": "# Bikes\n\nBikes stand in the yard."}), "completed "},
		{"half.zip", zipOf(t, map[string]string{"d.txt": "The roof is closed in winter.", "broken.pdf": "%PDF-1.7 nothing else"}), "completed invalid_file"},
		{"broken.pdf", "%PDF-1.7 nothing else", "failed invalid_file"},
		{"picture.xyz", "\x89\x00\x01\x02\xff\xfe", "failed unsupported_file"},
		{"blank.txt", "   \n\n ", "failed invalid_file"},
	} {
		id := upload(t, c, f.name, f.content)
		ids, want[id] = append(ids, id), f.name+" "+f.status
	}
	b, err := c.VectorStores.FileBatches.NewAndPoll(t.Context(), store, openai.VectorStoreFileBatchNewParams{FileIDs: ids}, pollEvery)
	if err != nil {
		t.Fatal(err)
	}
	if b.Status != "completed" || b.FileCounts.Completed != 3 || b.FileCounts.Failed != 3 || b.FileCounts.Total != 6 {
		t.Errorf("batch %s", b.RawJSON())
	}
	got := map[string]string{}
	pages := c.VectorStores.FileBatches.ListFilesAutoPaging(t.Context(), store, b.ID, openai.VectorStoreFileBatchListFilesParams{Limit: param.NewOpt[int64](2)})
	for pages.Next() {
		f := pages.Current()
		name, _, _ := strings.Cut(want[f.ID], " ")
		got[f.ID] = name + " " + string(f.Status) + " " + f.LastError.Code
		if f.Status == "failed" && f.LastError.Message == "" {
			t.Errorf("%s failed without a word", name)
		}
	}
	if pages.Err() != nil || len(got) != len(want) {
		t.Fatalf("listed %d files, %v", len(got), pages.Err())
	}
	for id := range want {
		if got[id] != want[id] {
			t.Errorf("got %q, want %q", got[id], want[id])
		}
	}
	if hits := foundIn(t, c, store, "where do bikes stand"); len(hits) == 0 || want[hits[0]] != "all.zip completed " {
		t.Errorf("a document in a container: found %v", hits)
	}
	vs, err := c.VectorStores.Get(t.Context(), store)
	if err != nil || vs.FileCounts.Completed != 3 || vs.FileCounts.Failed != 3 {
		t.Errorf("vector store %s, %v", vs.RawJSON(), err)
	}
}

// TestAttributesFilterAndRestrict holds that attributes are fields, that one of them is the
// access list, and that this outlives a change of the others.
func TestAttributesFilterAndRestrict(t *testing.T) {
	s := startServer(t, nil, "--data-dir", t.TempDir())
	c := s.client()
	store, file := newStore(t, c, "Files"), upload(t, c, "leave.md", leaveText)
	attach(t, c, store, file)
	change := func(attributes map[string]openai.VectorStoreFileUpdateParamsAttributeUnion) {
		t.Helper()
		f, err := c.VectorStores.Files.Update(t.Context(), store, file, openai.VectorStoreFileUpdateParams{Attributes: attributes})
		if err != nil || f.Status != "completed" {
			t.Fatalf("update: %v, %v", f, err)
		}
	}
	text := func(s string) openai.VectorStoreFileUpdateParamsAttributeUnion {
		return openai.VectorStoreFileUpdateParamsAttributeUnion{OfString: param.NewOpt(s)}
	}
	change(map[string]openai.VectorStoreFileUpdateParamsAttributeUnion{"region": text("eu")})
	for region, hits := range map[string]int{"eu": 1, "us": 0} {
		page, err := c.VectorStores.Search(t.Context(), store, openai.VectorStoreSearchParams{
			Query: openai.VectorStoreSearchParamsQueryUnion{OfString: param.NewOpt("leave")},
			Filters: openai.VectorStoreSearchParamsFiltersUnion{OfComparisonFilter: &openai.ComparisonFilterParam{
				Key: "region", Type: "eq", Value: openai.ComparisonFilterValueUnionParam{OfString: param.NewOpt(region)},
			}},
		})
		if err != nil || len(page.Data) != hits {
			t.Errorf("region %s: %d hits, %v, want %d", region, len(page.Data), err, hits)
		}
	}
	change(map[string]openai.VectorStoreFileUpdateParamsAttributeUnion{"acl": text("group:hr")})
	change(map[string]openai.VectorStoreFileUpdateParamsAttributeUnion{"region": text("us")})
	if got := foundIn(t, c, store, "paid leave"); got != nil {
		t.Errorf("who is not of group hr finds %v", got)
	}
	_, err := c.VectorStores.Files.Update(t.Context(), store, file, openai.VectorStoreFileUpdateParams{
		Attributes: map[string]openai.VectorStoreFileUpdateParamsAttributeUnion{"acl": text("hr")},
	})
	if status(t, err) != http.StatusBadRequest {
		t.Errorf("an access list that is none: %v", err)
	}
}

func TestUploadsOutliveTheServer(t *testing.T) {
	dir := t.TempDir()
	first := startServer(t, nil, "--data-dir", dir)
	c := first.client()
	store, file := newStore(t, c, "Files"), upload(t, c, "leave.md", leaveText)
	attach(t, c, store, file)
	first.stop()
	c = startServer(t, nil, "--data-dir", dir).client()
	if got := foundIn(t, c, store, "paid leave"); !slices.Equal(got, []string{file}) {
		t.Errorf("found %v, want %s", got, file)
	}
	f, err := c.VectorStores.Files.Get(t.Context(), store, file)
	if err != nil || f.Status != "completed" {
		t.Errorf("file %v, %v", f, err)
	}
	list, err := c.Files.List(t.Context(), openai.FileListParams{})
	if err != nil || len(list.Data) != 1 || list.Data[0].ID != file {
		t.Errorf("files %v, %v", list, err)
	}
}

// TestIngestedCollectionIsAVectorStore holds that what ingest brought and what was uploaded
// are one library.
func TestIngestedCollectionIsAVectorStore(t *testing.T) {
	dir, folder := t.TempDir(), t.TempDir()
	writeDocument(t, folder+"/bikes.md", "# Bikes\n\nBikes stand in the yard.")
	command(t, nil, "--data-dir", dir, "ingest", folder, "--name", "house")
	c := startServer(t, nil, "--data-dir", dir).client()
	if f := attach(t, c, "vs_default", upload(t, c, "leave.md", leaveText)); f.Status != "completed" {
		t.Fatalf("file %s", f.RawJSON())
	}
	vs, err := c.VectorStores.Get(t.Context(), "vs_default")
	if err != nil || vs.FileCounts.Completed != 2 || vs.FileCounts.Total != 2 {
		t.Errorf("vector store %s, %v", vs.RawJSON(), err)
	}
	hits := foundIn(t, c, "vs_default", "where do bikes stand")
	if len(hits) == 0 {
		t.Fatal("nothing found")
	}
	f, err := c.VectorStores.Files.Get(t.Context(), "vs_default", hits[0])
	if err != nil || f.Status != "completed" {
		t.Errorf("the document that was ingested: %v, %v", f, err)
	}
	if _, err := c.VectorStores.Delete(t.Context(), "vs_default"); status(t, err) != http.StatusForbidden {
		t.Errorf("deleting what ingest made: %v", err)
	}
	if _, err := c.VectorStores.Files.Delete(t.Context(), "vs_default", hits[0]); err != nil {
		t.Errorf("deleting a document: %v", err)
	}
	if again := foundIn(t, c, "vs_default", "where do bikes stand"); slices.Contains(again, hits[0]) {
		t.Error("the document that was deleted is found")
	}
}

func TestGoOpenAIUploads(t *testing.T) {
	s := startServer(t, nil, "--data-dir", t.TempDir())
	cfg := goopenai.DefaultConfig("none")
	cfg.BaseURL = s.url + "/v1"
	c := goopenai.NewClientWithConfig(cfg)
	f, err := c.CreateFileBytes(t.Context(), goopenai.FileBytesRequest{Name: "leave.md", Bytes: []byte(leaveText), Purpose: goopenai.PurposeAssistants})
	if err != nil {
		t.Fatal(err)
	}
	vs, err := c.CreateVectorStore(t.Context(), goopenai.VectorStoreRequest{Name: "Files", FileIDs: []string{f.ID}})
	if err != nil {
		t.Fatal(err)
	}
	for vs.Status == "in_progress" {
		if vs, err = c.RetrieveVectorStore(t.Context(), vs.ID); err != nil {
			t.Fatal(err)
		}
	}
	if vs.FileCounts.Completed != 1 {
		t.Errorf("vector store %+v", vs)
	}
	list, err := c.ListVectorStoreFiles(t.Context(), vs.ID, goopenai.Pagination{})
	if err != nil || len(list.VectorStoreFiles) != 1 || list.VectorStoreFiles[0].ID != f.ID {
		t.Errorf("files %+v, %v", list, err)
	}
	if err := c.DeleteFile(t.Context(), f.ID); err != nil {
		t.Error(err)
	}
}

func TestKeyOfTheEnvironmentWritesWhereItIsToldTo(t *testing.T) {
	for _, tt := range []struct {
		environ []string
		status  int
	}{
		{[]string{"RAGWAY_API_KEY=k"}, http.StatusForbidden},
		{[]string{"RAGWAY_API_KEY=k", "RAGWAY_AUTH_API_KEY_WRITE=true"}, http.StatusOK},
	} {
		s := startServer(t, tt.environ, "--data-dir", t.TempDir())
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/vector_stores", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer k")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != tt.status {
			t.Errorf("%v: %s, %v, want %d", tt.environ, resp.Status, err, tt.status)
		}
		s.stop()
	}
}

func TestGatewayTakesContainersApartAsIngestWritesThem(t *testing.T) {
	if gateway.MemberMark != ingest.MemberMark {
		t.Errorf("%q, and ingest writes %q", gateway.MemberMark, ingest.MemberMark)
	}
}
