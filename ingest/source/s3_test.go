package source

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"ragway/ingest"
)

// objectStore is a server of buckets in this process.
type objectStore struct {
	t       *testing.T
	backend gofakes3.Backend
	url     string
	gets    atomic.Int64 // of objects
	lists   atomic.Int64
	deny    func(r *http.Request) bool
	auth    atomic.Value // the last Authorization header
}

func newObjectStore(t *testing.T, objects map[string]string) *objectStore {
	s := &objectStore{t: t, backend: s3mem.New()}
	fake := gofakes3.New(s.backend).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.auth.Store(r.Header.Get("Authorization"))
		if r.URL.Query().Has("list-type") {
			s.lists.Add(1)
		} else if r.Method == http.MethodGet && !r.URL.Query().Has("location") {
			s.gets.Add(1)
		}
		if s.deny != nil && s.deny(r) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<Error><Code>AccessDenied</Code><Message>no, AKIASECRET</Message></Error>`)
			return
		}
		fake.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	if err := s.backend.CreateBucket("docs"); err != nil {
		t.Fatal(err)
	}
	for key, text := range objects {
		s.put(key, text)
	}
	return s
}

func (s *objectStore) put(key, text string) {
	s.t.Helper()
	if _, err := s.backend.PutObject("docs", key, map[string]string{"Last-Modified": "Wed, 01 Jan 2020 00:00:00 GMT"}, strings.NewReader(text), int64(len(text)), nil); err != nil {
		s.t.Fatal(err)
	}
}

func (s *objectStore) open(arg string, o Options) Source {
	s.t.Helper()
	o.S3.Endpoint, o.S3.Region = s.url, "us-east-1"
	return mustOpen(s.t, arg, o)
}

func uris(t *testing.T, s Source) (out []string) {
	t.Helper()
	for it, err := range s.Items(t.Context()) {
		if err != nil {
			t.Fatal(it.URI, err)
		}
		out = append(out, it.URI)
	}
	return out
}

func TestBucketIsAFolderOfItsPrefix(t *testing.T) {
	objects := map[string]string{
		"docs": "the object", "docs/a.md": "a", "docs/b/c.md": "c", "docs-old/x.md": "x", "docs/.git/config": "no", ".env": "no",
		"docs/": "", "docs/b/": "", "r.jsonl": `{"id":1,"text":"one"}` + "\n" + `{"id":2,"text":"two"}`,
	}
	s := newObjectStore(t, objects)
	tests := map[string][]string{
		"s3://docs":           {"s3://docs/docs", "s3://docs/docs-old/x.md", "s3://docs/docs/a.md", "s3://docs/docs/b/c.md", "s3://docs/r.jsonl#1", "s3://docs/r.jsonl#2"},
		"s3://docs/docs":      {"s3://docs/docs", "s3://docs/docs/a.md", "s3://docs/docs/b/c.md"},
		"s3://docs/docs/":     {"s3://docs/docs/a.md", "s3://docs/docs/b/c.md"},
		"s3://docs/docs/a.md": {"s3://docs/docs/a.md"},
		"s3://docs/docs/a":    nil,
		"s3://docs/r.jsonl":   {"s3://docs/r.jsonl#1", "s3://docs/r.jsonl#2"},
		"s3://docs/none":      nil,
	}
	every := uris(t, s.open("s3://docs", Options{}))
	for arg, want := range tests {
		src := s.open(arg, Options{})
		for range 2 {
			if diff := cmp.Diff(want, uris(t, src)); diff != "" {
				t.Errorf("%s: %s", arg, diff)
			}
		}
		var covered []string
		for _, u := range every {
			if src.(ingest.Coverer).Covers(u) {
				covered = append(covered, u)
			}
			if strings.HasPrefix(u, src.Prefix()) != src.(ingest.Coverer).Covers(u) && !strings.Contains(u, "docs/docs") {
				t.Errorf("%s: %s", arg, u)
			}
		}
		if diff := cmp.Diff(want, covered); diff != "" {
			t.Errorf("%s covers: %s", arg, diff)
		}
	}
	host := strings.TrimPrefix(s.url, "http://")
	if src := s.open("s3://docs/docs/", Options{}); src.Name() != "s3://docs" || src.Origin() != "s3:"+host+"/docs" {
		t.Errorf("%s, %s", src.Name(), src.Origin())
	}
}

func TestObjectsAreReadOnlyWhenTheyAreWanted(t *testing.T) {
	s := newObjectStore(t, map[string]string{"a.md": "alpha", "r.csv": "id,text\n1,x\n"})
	for it, err := range s.open("s3://docs/", Options{}).Items(t.Context()) {
		switch {
		case err != nil:
			t.Fatal(err)
		case it.URI == "s3://docs/a.md":
			if s.gets.Load() != 0 {
				t.Error("read to be listed")
			}
			if it.Token == "" || it.ModTime.IsZero() || it.Name != "a.md" || it.Explicit || text(t, it) != "alpha" {
				t.Errorf("%+v", it)
			}
		case it.Hash == "" || it.Token != "" || text(t, it) != "x":
			t.Errorf("%+v", it)
		}
	}
}

func TestBucketOfManyPages(t *testing.T) {
	s := newObjectStore(t, nil)
	for i := range 1203 {
		s.put(fmt.Sprintf("d/%04d.txt", i), "x")
	}
	got := uris(t, s.open("s3://docs/d/", Options{}))
	if len(got) != 1203 || got[0] != "s3://docs/d/0000.txt" || got[1202] != "s3://docs/d/1202.txt" {
		t.Errorf("%d objects", len(got))
	}
	if s.lists.Load() != 2 || s.gets.Load() != 0 {
		t.Errorf("%d lists, %d gets", s.lists.Load(), s.gets.Load())
	}
}

func TestObjectThatChangesIsAnotherVersion(t *testing.T) {
	s := newObjectStore(t, map[string]string{"a.md": "alpha", "b.md": "beta"})
	src := s.open("s3://docs", Options{})
	tokens := func() map[string]string {
		out := map[string]string{}
		for it := range src.Items(t.Context()) {
			out[it.URI] = it.Token
		}
		return out
	}
	before := tokens()
	s.put("a.md", "ALPHA")
	s.put("b.md", "beta")
	after := tokens()
	if after["s3://docs/a.md"] == before["s3://docs/a.md"] || after["s3://docs/b.md"] != before["s3://docs/b.md"] {
		t.Errorf("%v, %v", before, after)
	}
	if _, err := s.backend.DeleteObject("docs", "a.md"); err != nil {
		t.Fatal(err)
	}
	if got := tokens(); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestObjectThatIsGoneOrChangedAfterTheListing(t *testing.T) {
	s := newObjectStore(t, map[string]string{"a.md": "alpha"})
	var items []ingest.Item
	src := s.open("s3://docs", Options{})
	for it := range src.Items(t.Context()) {
		items = append(items, it)
	}
	s.put("a.md", "ALPHA")
	if _, err := items[0].Open(t.Context()); err == nil || err.Error() != "unreadable: the object changed after it was listed" {
		t.Errorf("changed: %v", err)
	}
	if _, err := s.backend.DeleteObject("docs", "a.md"); err != nil {
		t.Fatal(err)
	}
	if _, err := items[0].Open(t.Context()); err == nil || err.Error() != "unreadable: the object is gone since it was listed" {
		t.Errorf("gone: %v", err)
	}
}

func TestDeniedBucketsAndObjects(t *testing.T) {
	s := newObjectStore(t, map[string]string{"a.md": "alpha", "r.jsonl": `{"id":1,"text":"one"}`})
	const denied = "access denied: check the AWS credentials and what they allow"
	first := func(arg string) error {
		for _, err := range s.open(arg, Options{}).Items(t.Context()) {
			return err
		}
		return nil
	}
	s.deny = func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/r.jsonl") }
	want := []offered{{URI: "s3://docs/a.md", Text: "alpha"}, {URI: "s3://docs/r.jsonl", Err: "unreadable: " + denied}}
	if diff := cmp.Diff(want, list(t, s.open("s3://docs", Options{}))); diff != "" {
		t.Error(diff)
	}
	s.deny = func(*http.Request) bool { return true }
	if err := first("s3://docs/x"); err == nil || err.Error() != "list s3://docs/x: "+denied {
		t.Errorf("got %v", err)
	}
	s.deny = nil
	if err := first("s3://nothing"); err == nil || err.Error() != "list s3://nothing/: there is no such bucket" {
		t.Errorf("got %v", err)
	}
	for i := range 1001 {
		s.put(fmt.Sprintf("%04d.md", i), "x")
	}
	s.deny = func(r *http.Request) bool { return r.URL.Query().Get("continuation-token") != "" }
	var last error
	n := 0
	for _, err := range s.open("s3://docs", Options{}).Items(t.Context()) {
		last, n = err, n+1
	}
	if _, part := errors.AsType[*ingest.Incomplete](last); !part || n != 1001 || last.Error() != "after 1000 items: list s3://docs/: "+denied {
		t.Errorf("%d, %v", n, last)
	}
}

func TestRecordFileInABucketIsBounded(t *testing.T) {
	s := newObjectStore(t, map[string]string{"r.jsonl": `{"id":1,"text":"one"}`})
	want := []offered{{URI: "s3://docs/r.jsonl", Err: "too_large: over the bound of 5 bytes"}}
	if diff := cmp.Diff(want, list(t, s.open("s3://docs", Options{SpoolBytes: 5}))); diff != "" {
		t.Error(diff)
	}
}

func TestWhoAsksABucket(t *testing.T) {
	s := newObjectStore(t, map[string]string{"a.md": "alpha"})
	file := filepath.Join(t.TempDir(), "credentials")
	text := "[default]\naws_access_key_id = FROMFILE\naws_secret_access_key = s\n[other]\naws_access_key_id = OTHER\naws_secret_access_key = s\naws_session_token = t\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		o    S3Options
		want string
	}{
		"nobody":       {S3Options{}, ""},
		"no such file": {S3Options{CredentialsFile: file + "x"}, ""},
		"a key":        {S3Options{AccessKey: "KEY", SecretKey: "s", CredentialsFile: file}, "Credential=KEY/"},
		"a file":       {S3Options{CredentialsFile: file}, "Credential=FROMFILE/"},
		"a profile":    {S3Options{CredentialsFile: file, Profile: "other"}, "Credential=OTHER/"},
	}
	for name, tt := range tests {
		uris(t, s.open("s3://docs", Options{S3: tt.o}))
		if got := s.auth.Load().(string); !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	for it, err := range s.open("s3://docs", Options{S3: S3Options{CredentialsFile: file, Profile: "none"}}).Items(t.Context()) {
		if it.URI != "" || err == nil {
			t.Errorf("a profile that is not there: %+v, %v", it, err)
		}
	}
}

func TestBucketArguments(t *testing.T) {
	for arg, tt := range map[string]struct {
		o    S3Options
		want string
	}{
		"s3://":    {S3Options{}, `source "s3://": no bucket is named: want s3://BUCKET or s3://BUCKET/PREFIX`},
		"s3:///k":  {S3Options{}, `source "s3:///k": no bucket is named: want s3://BUCKET or s3://BUCKET/PREFIX`},
		"s3://b":   {S3Options{Endpoint: "minio:9000"}, `source "s3://b": the S3 endpoint is not http://HOST or https://HOST`},
		"s3://b/k": {S3Options{Endpoint: "https://h/path"}, `source "s3://b/k": the S3 endpoint is not http://HOST or https://HOST`},
	} {
		if _, err := Open(t.Context(), arg, Options{S3: tt.o}); err == nil || err.Error() != tt.want {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

func TestAtMostIsExact(t *testing.T) {
	for n, fails := range map[int]bool{9: false, 10: false, 11: true} {
		_, err := new(bytes.Buffer).ReadFrom(&atMost{bytes.NewReader(make([]byte, n)), 10, 10})
		if (err != nil) != fails {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}
