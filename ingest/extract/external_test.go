package extract_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ragway/ingest"
	"ragway/ingest/extract"
)

func TestExternalExtractors(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut && r.URL.Path == "/tika" && r.Header.Get("Content-Disposition") == "attachment; filename=a.doc":
			data, _ := io.ReadAll(r.Body)
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			io.WriteString(w, "<html><body><h1>Seen</h1><p>"+string(data[:3])+"</p></body></html>")
		case r.URL.Path == "/v1/convert/file":
			file, head, err := r.FormFile("files")
			if err != nil || head.Filename != "a.doc" || r.FormValue("to_formats") != "md" {
				http.Error(w, "bad form", http.StatusBadRequest)
				return
			}
			defer file.Close()
			io.WriteString(w, `{"status":"success","document":{"md_content":"# Seen\n\n| a | b |\n|--|--|\n| c | d |"}}`)
		case r.URL.Path == "/broken/v1/convert/file":
			io.WriteString(w, `{"status":"failure","errors":[{"error_message":"no idea"}]}`)
		default:
			http.Error(w, "gone", http.StatusTeapot)
		}
	}))
	t.Cleanup(server.Close)
	doc := []string{"*.doc"}
	old := string([]byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}) + "rest"
	tests := map[string]struct {
		e    extract.External
		name string
		in   string
		want string // text, or a reason after "!"
	}{
		"program":             {extract.External{Files: doc, Command: []string{"wc", "-c"}}, "a.doc", old, "12"},
		"Markdown":            {extract.External{Files: doc, Command: []string{"echo", "# T\n\nx"}, Output: "markdown"}, "A.DOC", old, "# T\n\nx"},
		"Tika":                {extract.External{Files: doc, URL: server.URL + "/tika", API: "tika"}, "a.doc", "abc\x00\x01\x02", "# Seen\n\nabc"},
		"docling":             {extract.External{Files: doc, URL: server.URL, API: "docling"}, "a.doc", old, "# Seen\n\n| a | b |\n| --- | --- |\n| c | d |"},
		"docling fails":       {extract.External{Files: doc, URL: server.URL + "/broken", API: "docling"}, "a.doc", old, "!corrupt"},
		"server fails":        {extract.External{Files: doc, URL: server.URL + "/no", API: "tika"}, "a.doc", old, "!unreadable"},
		"program fails":       {extract.External{Files: doc, Command: []string{"false"}}, "a.doc", old, "!corrupt"},
		"no such program":     {extract.External{Files: doc, Command: []string{"no-such-program"}}, "a.doc", old, "!unsupported"},
		"says nothing":        {extract.External{Files: doc, Command: []string{"true"}}, "a.doc", old, "!empty_text"},
		"stalls":              {extract.External{Files: doc, Command: []string{"tail", "-f", "/dev/null"}, Timeout: 50 * time.Millisecond}, "a.doc", old, "!timeout"},
		"prints without end":  {extract.External{Files: doc, Command: []string{"head", "-c", "9000", "/dev/zero"}}, "a.doc", old, "!too_large"},
		"ours comes first":    {extract.External{Files: []string{"*"}, Command: []string{"echo", "x"}}, "a.txt", "ours", "ours"},
		"unless it is told":   {extract.External{Files: []string{"*"}, Command: []string{"echo", "x"}, Instead: true}, "a.txt", "ours", "x"},
		"after an empty page": {extract.External{Files: []string{"*.html"}, Command: []string{"echo", "x"}}, "a.html", "<html></html>", "x"},
		"not of others":       {extract.External{Files: []string{"*.xls"}, Command: []string{"echo", "x"}}, "a.doc", old, "!unsupported"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRegistry(t, extract.Options{External: []extract.External{tt.e}, MaxRunes: 1000})
			got, err := r.Extract(t.Context(), ingest.Input{Name: tt.name, Data: []byte(tt.in)})
			if reason, fails := strings.CutPrefix(tt.want, "!"); fails {
				if err == nil || ingest.ReasonOf(err) != ingest.Reason(reason) {
					t.Errorf("text %q, error %v, want %s", got.Text, err, reason)
				}
				return
			}
			if err != nil || got.Text != tt.want {
				t.Errorf("text %q, %v, want %q", got.Text, err, tt.want)
			}
		})
	}
}

// What a program made is made again when another one is named, and nothing else is.
func TestExternalExtractorIsPartOfThePipeline(t *testing.T) {
	with := func(command string) *extract.Registry {
		return newRegistry(t, extract.Options{External: []extract.External{{Files: []string{"*.doc"}, Command: []string{command}}}})
	}
	a, b := with("echo"), with("cat")
	got, err := a.Extract(t.Context(), ingest.Input{Name: "a.doc", Data: []byte("\x01\x02\x03")})
	if err != nil && ingest.ReasonOf(err) != ingest.EmptyText {
		t.Fatal(err)
	}
	if !a.Claims("a.doc") || a.Claims("a.xyz") {
		t.Error("claims something else than its files")
	}
	if a.ID("") == b.ID("") || a.ID("application/msword; read=external") == b.ID("application/msword; read=external") {
		t.Errorf("%s stays when the program changes; document %v", a.ID(""), got.MIME)
	}
	if a.ID("text/markdown") != b.ID("text/markdown") {
		t.Error("Markdown has to do with a program for others")
	}
}
