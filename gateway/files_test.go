package gateway_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
	"ragway/gateway/uploads"
	"ragway/retriever"
	"ragway/retriever/local"
)

// withUploads gives a gateway a library whose files are in dir, and nothing to ingest with.
func withUploads(t *testing.T, dir string) func(*gateway.Options) {
	store, err := local.Open(t.Context(), local.Options{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	lib, err := uploads.New(uploads.Options{
		Store: store, Scope: retriever.Operator(), Dir: dir, Owner: "test", FileBytes: 1000,
		Ingest: func(context.Context, string, string, []uploads.Item) ([]uploads.Failure, error) { return nil, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(o *gateway.Options) { o.Uploads, o.OpenWrite = lib, true }
}

// form is a body of parts: "name=value", or "name@filename=content" for a file.
func form(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		head, value, _ := strings.Cut(p, "=")
		name, file, isFile := strings.Cut(head, "@")
		b.WriteString("--X\r\nContent-Disposition: form-data; name=\"" + name + `"`)
		if isFile {
			b.WriteString(`; filename="` + file + "\"\r\nContent-Type: text/plain")
		}
		b.WriteString("\r\n\r\n" + value + "\r\n")
	}
	return b.String() + "--X--\r\n"
}

func TestFormsOfFiles(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		status     int
		says       string
	}{
		{"purpose first", form("purpose=assistants", "file@a.txt=text"), 200, `"filename":"a.txt"`},
		{"purpose last", form("file@a.txt=text", "purpose=user_data"), 200, `"purpose":"user_data"`},
		{"an unknown field", form("new=1", "purpose=assistants", "file@a.txt=text"), 200, `"bytes":4`},
		{"a path for a name", form("purpose=assistants", "file@../../x/a.txt=text"), 200, `"filename":"a.txt"`},
		{"no purpose", form("file@a.txt=text"), 400, "purpose"},
		{"no file", form("purpose=assistants"), 400, "no file"},
		{"two files", form("purpose=assistants", "file@a.txt=text", "file@b.txt=text"), 400, "one file"},
		{"an empty file", form("purpose=assistants", "file@a.txt="), 400, "empty"},
		{"an end of life", form("purpose=assistants", "expires_after[seconds]=60", "file@a.txt=text"), 400, "expires_after"},
		{"too long a field", form("purpose="+strings.Repeat("x", 5000), "file@a.txt=text"), 400, "too long"},
		{"too large a file", form("purpose=assistants", "file@a.txt="+strings.Repeat("x", 1001)), 413, "file_too_large"},
		{"cut in the file", strings.TrimSuffix(form("purpose=assistants", "file@a.txt=text"), "\r\n--X--\r\n"), 400, "incomplete_body"},
		{"cut before the end", strings.TrimSuffix(form("purpose=assistants", "file@a.txt=text"), "--\r\n"), 400, "incomplete_body"},
		{"nothing", "", 400, "incomplete_body"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "uploads")
			g := start(t, gatewaytest.Answer("x"), withUploads(t, dir))
			a := g.post(t, "/v1/files", tt.body, "Content-Type", `multipart/form-data; boundary=X`)
			if a.status != tt.status || !strings.Contains(a.body, tt.says) {
				t.Errorf("status %d, %s; want %d, %s", a.status, a.body, tt.status, tt.says)
			}
			entries, err := os.ReadDir(dir)
			if kept := 0; tt.status == 200 {
				kept = 1
				if err != nil || len(entries) != kept {
					t.Errorf("%d files are kept, %v", len(entries), err)
				}
			} else if len(entries) > 0 {
				t.Errorf("of a refused upload %v is kept", entries)
			}
		})
	}
	g := start(t, gatewaytest.Answer("x"), withUploads(t, t.TempDir()))
	if a := g.post(t, "/v1/files", `{"file":"x"}`); a.status != http.StatusBadRequest || !strings.Contains(a.body, "multipart/form-data") {
		t.Errorf("JSON: status %d, %s", a.status, a.body)
	}
}

// uploadRoutes are all of them; those that write, or show files as they were uploaded, are
// for keys that may write.
var uploadRoutes = []struct {
	method, path string
	write        bool
}{
	{"POST", "/v1/files", true}, {"GET", "/v1/files", true}, {"GET", "/v1/files/f", true}, {"DELETE", "/v1/files/f", true}, {"GET", "/v1/files/f/content", true},
	{"GET", "/v1/vector_stores", false}, {"POST", "/v1/vector_stores", true}, {"GET", "/v1/vector_stores/vs_x", false},
	{"POST", "/v1/vector_stores/vs_x", true}, {"DELETE", "/v1/vector_stores/vs_x", true},
	{"GET", "/v1/vector_stores/vs_x/files", false}, {"POST", "/v1/vector_stores/vs_x/files", true}, {"GET", "/v1/vector_stores/vs_x/files/f", false},
	{"POST", "/v1/vector_stores/vs_x/files/f", true}, {"DELETE", "/v1/vector_stores/vs_x/files/f", true}, {"GET", "/v1/vector_stores/vs_x/files/f/content", false},
	{"POST", "/v1/vector_stores/vs_x/file_batches", true}, {"GET", "/v1/vector_stores/vs_x/file_batches/b", false},
	{"POST", "/v1/vector_stores/vs_x/file_batches/b/cancel", true}, {"GET", "/v1/vector_stores/vs_x/file_batches/b/files", false},
}

func TestOnlyKeysThatMayWriteChangeAnything(t *testing.T) {
	lib := withUploads(t, t.TempDir())
	reader := start(t, gatewaytest.Answer("x"), lib, withKeys)
	closed := start(t, gatewaytest.Answer("x"), lib, func(o *gateway.Options) { o.OpenWrite = false })
	none := start(t, gatewaytest.Answer("x"))
	for _, r := range uploadRoutes {
		if a := reader.do(t, r.method, r.path, "{}"); a.status != http.StatusUnauthorized {
			t.Errorf("%s %s without a key: %d", r.method, r.path, a.status)
		}
		for who, a := range map[string]answer{
			"a key that reads":     reader.do(t, r.method, r.path, "{}", "Authorization", "Bearer "+plainKey),
			"nobody in particular": closed.do(t, r.method, r.path, "{}"),
		} {
			if refused := a.status == http.StatusForbidden && a.code(t) == "read_only"; refused != r.write {
				t.Errorf("%s %s by %s: %d, %s", r.method, r.path, who, a.status, a.body)
			}
		}
		if a := none.do(t, r.method, r.path, "{}"); a.status != http.StatusNotFound || a.code(t) != "unknown_url" {
			t.Errorf("%s %s on a server without uploads: %d", r.method, r.path, a.status)
		}
	}
}

func TestRequestsOnVectorStoresThatAreRefused(t *testing.T) {
	g := start(t, gatewaytest.Answer("x"), withUploads(t, t.TempDir()))
	file := decode[struct{ ID string }](t, g.post(t, "/v1/files", form("purpose=assistants", "file@a.txt=text"), "Content-Type", "multipart/form-data; boundary=X").body).ID
	store := decode[struct{ ID string }](t, g.post(t, "/v1/vector_stores", `{"name":"S","metadata":{"a":"b"}}`).body).ID
	of := "/v1/vector_stores/" + store
	for _, tt := range []struct {
		path, body string
		status     int
		says       string
	}{
		{"/v1/vector_stores", `{"expires_after":{"anchor":"last_active_at","days":1}}`, 400, "expires_after"},
		{"/v1/vector_stores", `{"name":7}`, 400, `"param":"name"`},
		{"/v1/vector_stores", `{"metadata":{"` + strings.Repeat("k", 65) + `":"v"}}`, 400, "metadata"},
		{"/v1/vector_stores", `{"file_ids":["file-gone"]}`, 404, "file_not_found"},
		{"/v1/vector_stores/vs_gone/files", `{"file_id":"` + file + `"}`, 404, "vector_store_not_found"},
		{of + "/files", `{}`, 400, "file_id"},
		{of + "/files", `{"file_id":"file-gone"}`, 404, "file_not_found"},
		{of + "/files", `{"file_id":"` + file + `","attributes":{"a":[1]}}`, 400, "attributes.a"},
		{of + "/files", `{"file_id":"` + file + `","attributes":{"acl":"everyone"}}`, 400, "attributes.acl"},
		{of + "/files", `{"file_id":"` + file + `","attributes":{"acl":true}}`, 400, "attributes.acl"},
		{of + "/files", `{"file_id":"` + file + `","chunking_strategy":{"type":"static","static":{"max_chunk_size_tokens":99}}}`, 400, "100 to 4096"},
		{of + "/files", `{"file_id":"` + file + `","chunking_strategy":{"type":"static","static":{"max_chunk_size_tokens":200,"chunk_overlap_tokens":101}}}`, 400, "half"},
		{of + "/file_batches", `{"file_ids":[]}`, 400, "1 to 500"},
		{of + "/file_batches", `{"file_ids":["a"],"files":[{"file_id":"b"}]}`, 400, "one of"},
		{of + "/file_batches/vsfb_gone/cancel", ``, 404, "file_batch_not_found"},
		{of + "/files/" + file, `{"attributes":{}}`, 404, "file_not_found"},
		{of + "/files/" + file, `{}`, 400, "attributes"},
	} {
		if a := g.post(t, tt.path, tt.body); a.status != tt.status || !strings.Contains(a.body, tt.says) {
			t.Errorf("%s %s: status %d, %s; want %d, %s", tt.path, tt.body, a.status, a.body, tt.status, tt.says)
		}
	}
	for _, query := range []string{"?limit=0", "?order=up", "?after=gone", "?filter=done"} {
		if a := g.get(t, of+"/files"+query); a.status != http.StatusBadRequest {
			t.Errorf("files%s: %d, %s", query, a.status, a.body)
		}
	}
	if a := g.get(t, "/v1/vector_stores/vs_default"); a.status != http.StatusOK || !strings.Contains(a.body, `"created_at":0`) {
		t.Errorf("the collection that is still to come: %d, %s", a.status, a.body)
	}
	if a := g.get(t, "/v1/files/"+file+"/content"); a.status != http.StatusBadRequest {
		t.Errorf("the bytes of a file: %d, %s", a.status, a.body)
	}
}
