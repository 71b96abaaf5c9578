package source

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"ragway/ingest"
)

// tree writes files by relative path and returns their folder, called docs.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "docs")
	for rel, text := range files {
		path := filepath.Join(root, filepath.FromSlash(rel))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func mustOpen(t *testing.T, arg string, o Options) Source {
	t.Helper()
	o.TempDir = t.TempDir()
	s, err := Open(t.Context(), arg, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := os.ReadDir(o.TempDir); len(left) > 0 {
			t.Errorf("temporary files left: %v", left)
		}
	})
	return s
}

// offered is an item as a test sees it.
type offered struct {
	URI, Text, Err string
}

func list(t *testing.T, s Source) []offered {
	t.Helper()
	var out []offered
	for it, err := range s.Items(t.Context()) {
		o := offered{URI: it.URI}
		if err != nil {
			o.Err = err.Error()
		} else {
			o.Text = text(t, it)
		}
		out = append(out, o)
	}
	return out
}

func text(t *testing.T, it ingest.Item) string {
	t.Helper()
	r, err := it.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(b)) != it.Size {
		t.Errorf("%s: size %d, read %d", it.URI, it.Size, len(b))
	}
	return string(b)
}

func TestFolderOffersFilesInOrderUnderItsName(t *testing.T) {
	root := tree(t, map[string]string{
		"b.md": "b", "a/z.txt": "z", "a/y.txt": "y", ".git/config": "no", ".hidden": "no", "a/.swp": "no", "cafe\u0301.txt": "nfc", "r.jsonl": `{"id":1,"text":"one"}`,
	})
	s := mustOpen(t, root, Options{})
	want := []offered{
		{URI: "docs/a/y.txt", Text: "y"}, {URI: "docs/a/z.txt", Text: "z"}, {URI: "docs/b.md", Text: "b"},
		{URI: "docs/café.txt", Text: "nfc"}, {URI: "docs/r.jsonl#1", Text: "one"},
	}
	for range 2 {
		if diff := cmp.Diff(want, list(t, s)); diff != "" {
			t.Error(diff)
		}
	}
	if s.Prefix() != "docs/" || s.Name() != "docs" || !strings.HasPrefix(s.Origin(), "folder:/") {
		t.Errorf("%s, %s, %s", s.Name(), s.Prefix(), s.Origin())
	}
}

func TestFileIsTheSameDocumentAsInItsFolder(t *testing.T) {
	root := tree(t, map[string]string{"a": "one", "ab": "two", "r.csv": "id,text\n1,x\n"})
	s := mustOpen(t, filepath.Join(root, "a"), Options{})
	folder := mustOpen(t, root, Options{})
	if s.Prefix() != "docs/a" || s.Origin() != folder.Origin() {
		t.Errorf("prefix %q, origin %q and %q", s.Prefix(), s.Origin(), folder.Origin())
	}
	for it := range s.Items(t.Context()) {
		if it.URI != "docs/a" || !it.Explicit {
			t.Errorf("%+v", it)
		}
	}
	records := mustOpen(t, filepath.Join(root, "r.csv"), Options{Name: "n"})
	covers := map[string]bool{}
	for _, c := range []struct {
		s   Source
		uri string
	}{{s, "docs/a"}, {s, "docs/ab"}, {s, "docs/a#1"}, {records, "n/r.csv#1"}, {records, "n/r.csv"}, {records, "n/r.csvx#1"}} {
		covers[c.uri] = c.s.(ingest.Coverer).Covers(c.uri)
	}
	want := map[string]bool{"docs/a": true, "docs/ab": false, "docs/a#1": false, "n/r.csv#1": true, "n/r.csv": true, "n/r.csvx#1": false}
	want["n/r.csv"] = false
	if diff := cmp.Diff(want, covers); diff != "" {
		t.Error(diff)
	}
}

func TestSymlinks(t *testing.T) {
	root := tree(t, map[string]string{"a/x.txt": "x"})
	for link, target := range map[string]string{"a/loop": "..", "broken": "nowhere", "again.txt": "a/x.txt"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	got := list(t, mustOpen(t, root, Options{}))
	want := []offered{
		{URI: "docs/a/loop", Err: "unreadable: symbolic link leads back to a folder it lies in"},
		{URI: "docs/a/x.txt", Text: "x"},
		{URI: "docs/again.txt", Text: "x"},
		{URI: "docs/broken", Err: "unreadable: stat: no such file or directory"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestGlobMatchesAndCovers(t *testing.T) {
	root := tree(t, map[string]string{"a.md": "a", "b.txt": "b", "x/c.md": "c", "x/y/d.md": "d", "x/r.csv": "id,text\n1,t"})
	tests := map[string][]string{
		"*.md":      {"n/a.md"},
		"**/*.md":   {"n/a.md", "n/x/c.md", "n/x/y/d.md"},
		"*/*.md":    {"n/x/c.md"},
		"x/**":      {"n/c.md", "n/r.csv#1", "n/y/d.md"},
		"x/[c-d].*": {"n/c.md"},
		"*/*.csv":   {"n/x/r.csv#1"},
	}
	for glob, want := range tests {
		s := mustOpen(t, filepath.Join(root, glob), Options{Name: "n"})
		var got []string
		for _, o := range list(t, s) {
			got = append(got, o.URI)
			if !s.(ingest.Coverer).Covers(o.URI) {
				t.Errorf("%s does not cover %s", glob, o.URI)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", glob, diff)
		}
		if s.(ingest.Coverer).Covers("n/other.pdf") != (glob == "x/**") {
			t.Errorf("%s covers n/other.pdf", glob)
		}
	}
}

func TestStdinIsSpooledAndTypedByItsName(t *testing.T) {
	tests := map[string]struct {
		name, in string
		want     []offered
	}{
		"plain name":   {"docs", "hello", []offered{{URI: "docs/stdin", Text: "hello"}}},
		"path":         {"docs/notes/a.md", "# hi", []offered{{URI: "docs/notes/a.md", Text: "# hi"}}},
		"record file":  {"docs/r.jsonl", `{"_id":"7","text":"t"}`, []offered{{URI: "docs/r.jsonl#7", Text: "t"}}},
		"typed by ext": {"r.jsonl", `{"_id":"7","text":"t"}`, []offered{{URI: "r.jsonl/stdin.jsonl#7", Text: "t"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := mustOpen(t, "-", Options{Name: tt.name, Stdin: strings.NewReader(tt.in)})
			if diff := cmp.Diff(tt.want, list(t, s)); diff != "" {
				t.Error(diff)
			}
			for it := range s.Items(t.Context()) {
				if !it.ModTime.IsZero() {
					t.Error("the spool's time is not the document's")
				}
			}
		})
	}
}

func TestUnusableArgumentsSayWhy(t *testing.T) {
	root := tree(t, map[string]string{"a.md": "a"})
	tests := map[string]struct {
		arg  string
		o    Options
		want error
	}{
		"missing":            {filepath.Join(root, "nope"), Options{}, ErrNotFound},
		"glob without name":  {filepath.Join(root, "*.md"), Options{}, ErrNeedsName},
		"stdin without name": {"-", Options{Stdin: strings.NewReader("")}, ErrNeedsName},
		"unknown scheme":     {"ftp://example.com/a", Options{}, ErrUnsupported},
		"name with a slash":  {root, Options{Name: "a/b"}, ErrBadName},
		"name with a hash":   {root, Options{Name: "a#b"}, ErrBadName},
		"stdin climbing out": {"-", Options{Name: "a/../b", Stdin: strings.NewReader("")}, ErrBadName},
		"root folder":        {"/", Options{}, ErrNeedsName},
		"device":             {os.DevNull, Options{}, ErrNotAFile},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Open(t.Context(), tt.arg, tt.o)
			var arg *ArgumentError
			if !errors.Is(err, tt.want) || !errors.As(err, &arg) || arg.Arg != tt.arg {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestRecords(t *testing.T) {
	utf16, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("id,text\n1,Grüße\n")
	latin, _ := charmap.Windows1252.NewEncoder().String("id;text\n1;Mühlgäßchen überall größer für Übergrößen\n")
	tests := map[string]struct {
		file, in string
		want     []offered
	}{
		"BOM and CRLF": {"r.jsonl", "\xef\xbb\xbf{\"_id\":\"a\",\"text\":\"x\"}\r\n\r\n{\"_id\":\"b\",\"text\":\"y\"}\r\n",
			[]offered{{URI: "#a", Text: "x"}, {URI: "#b", Text: "y"}}},
		"malformed line": {"r.jsonl", "{\"id\":1,\"text\":\"x\"}\n{\"id\":2,\n[1]\n{} {}\n{\"id\":3,\"text\":\"z\"}",
			[]offered{{URI: "#1", Text: "x"}, {URI: "#line:2", Err: "corrupt: line 2: JSON is cut off"},
				{URI: "#line:3", Err: "corrupt: line 3: not a JSON object"}, {URI: "#line:4", Err: "corrupt: line 4: more than one JSON value on a line"}, {URI: "#3", Text: "z"}}},
		"huge line": {"r.jsonl", `{"id":1,"text":"` + strings.Repeat("x", 300) + "\"}\n{\"id\":2,\"text\":\"y\"}\n",
			[]offered{{URI: "#line:1", Err: "too_large: line 1 is over the bound of 200 bytes"}, {URI: "#2", Text: "y"}}},
		"duplicate id": {"r.jsonl", "{\"id\":1,\"text\":\"x\"}\n{\"id\":\"1\",\"text\":\"y\"}\n",
			[]offered{{URI: "#1", Text: "x"}, {URI: "#line:2", Err: `bad_metadata: line 2: id "1" is on line 1 already`}}},
		"no id": {"r.jsonl", "{\"text\":\"x\"}\n{\"text\":\"x\"}\n",
			[]offered{{URI: "#fcd1ccec08db6f78", Text: "x"}, {URI: "#fcd1ccec08db6f78-2", Text: "x"}}},
		"bad fields": {"r.jsonl", "{\"id\":1,\"text\":true}\n{\"id\":2,\"text\":\"y\",\"k\":[1,\"a\"]}\n{\"id\":3,\"text\":\"z\",\"acl\":[]}\n{\"id\":4,\"text\":\"z\",\"acl\":\"hr\"}\n",
			[]offered{{URI: "#1", Err: `bad_metadata: line 1: field "text" is bool, want a string`}, {URI: "#2", Err: `bad_metadata: line 2: metadata "k": array of number and string: bad metadata`},
				{URI: "#3", Err: "bad_metadata: line 3: acl is empty; leave it out where everyone may read"}, {URI: "#4", Err: `bad_metadata: line 4: acl principal "hr", want user:NAME or group:NAME`}}},
		"title alone, and nothing": {"r.jsonl", "{\"id\":1,\"title\":\"T\",\"text\":\"\"}\n{\"id\":2,\"text\":\"\"}\n", []offered{{URI: "#1", Text: "T"}, {URI: "#2"}}},
		"fields only":              {"r.jsonl", `{"id":1,"name":"N","tags":["a","b"],"n":{"deep":2.50}}`, []offered{{URI: "#1", Text: "name: N\ntags: a, b\nn.deep: 2.50\n"}}},
		"csv quoting": {"r.csv", "id,text\r\n1,\"a, \"\"b\"\"\r\nc\"\r\n2,\"say \"\"hi\"\"\",extra\r\n3,5\" disk\r\n",
			[]offered{{URI: "#1", Text: "a, \"b\"\r\nc"}, {URI: "#2", Text: `say "hi"`}, {URI: "#3", Text: `5" disk`}}},
		"csv unclosed quote":   {"r.csv", "id,text\n1,\"open\n2,fine\n3,ok\n", []offered{{URI: "#line:2", Err: "corrupt: line 2: a quote is never closed"}, {URI: "#2", Text: "fine"}, {URI: "#3", Text: "ok"}}},
		"csv semicolon":        {"r.csv", "ID;Text\n1;a,b\n", []offered{{URI: "#1", Text: "a,b"}}},
		"csv fields only":      {"r.csv", "id,Name,Town\n1,Ann,\n", []offered{{URI: "#1", Text: "Name: Ann\n"}}},
		"csv UTF-16":           {"r.csv", utf16, []offered{{URI: "#1", Text: "Grüße"}}},
		"csv Windows-1252":     {"r.csv", latin, []offered{{URI: "#1", Text: "Mühlgäßchen überall größer für Übergrößen"}}},
		"tsv keeps its quotes": {"r.tsv", "id\ttext\n1\tfirst \"quoted\" word\n2\t\"leading stays\n3\t\"whole\"\n", []offered{{URI: "#1", Text: `first "quoted" word`}, {URI: "#2", Text: `"leading stays`}, {URI: "#3", Text: "whole"}}},
		"empty":                {"r.csv", "", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			root := tree(t, map[string]string{tt.file: tt.in})
			s := mustOpen(t, filepath.Join(root, tt.file), Options{RecordBytes: 200})
			got := list(t, s)
			for i := range got {
				got[i].URI = strings.TrimPrefix(got[i].URI, "docs/"+tt.file)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRecordFieldsFindTheirMeaning(t *testing.T) {
	root := tree(t, map[string]string{"r.jsonl": `{"_id":4983,"id":"own","title":"T","text":"x","url":"https://e.org/1","acl":["group:hr","user:ann"],"tenant":"acme","year":1999,"none":null,` +
		`"meta":{"lang":"en"},"metadata":{"year":7,"source":"s"},"authors":[{"name":"A","orcid":"1"},{"name":"B"}],"empty":[]}`})
	for it, err := range mustOpen(t, filepath.Join(root, "r.jsonl"), Options{}).Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		it.Open, it.ModTime, it.Hash = nil, it.ModTime.Truncate(1<<62), ""
		it.ModTime = it.ModTime.UTC()
		want := ingest.Item{
			URI: "docs/r.jsonl#4983", Name: "record.txt", MIME: "text/plain", RecordID: "4983", Title: "T", URL: "https://e.org/1", Tenant: "acme",
			ACL: []string{"group:hr", "user:ann"}, Size: 1, ModTime: it.ModTime,
			Metadata: map[string]any{"id": "own", "year": 1999.0, "meta.lang": "en", "source": "s", "authors.name": []any{"A", "B"}, "authors.orcid": []any{"1"}},
		}
		if diff := cmp.Diff(want, it); diff != "" {
			t.Error(diff)
		}
	}
}

func TestUnsafeLinkStaysAField(t *testing.T) {
	root := tree(t, map[string]string{"r.jsonl": `{"id":1,"text":"x","url":"javascript:alert(1)"}`})
	for it := range mustOpen(t, filepath.Join(root, "r.jsonl"), Options{}).Items(t.Context()) {
		if it.URL != "" || it.Metadata["url"] != "javascript:alert(1)" {
			t.Errorf("url %q, metadata %v", it.URL, it.Metadata)
		}
	}
}

func TestRecordThatChangedAfterThePlanIsNotTakenForAnother(t *testing.T) {
	root := tree(t, map[string]string{"r.jsonl": `{"id":1,"text":"one"}`})
	path := filepath.Join(root, "r.jsonl")
	var items []ingest.Item
	for it := range mustOpen(t, path, Options{}).Items(t.Context()) {
		items = append(items, it)
	}
	if err := os.WriteFile(path, []byte(`{"id":2,"text":"two"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := items[0].Open(t.Context()); ingest.ReasonOf(err) != ingest.Unreadable {
		t.Errorf("got %v", err)
	}
}

func TestMetadataAloneDoesNotChangeTheHash(t *testing.T) {
	hash := func(line string) string {
		fields, err := parseObject([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		var r record
		if err := r.parse(fields); err != nil {
			t.Fatal(err)
		}
		return r.hash()
	}
	base := hash(`{"id":1,"title":"T","text":"x"}`)
	if hash(`{"id":1,"title":"T","text":"x","acl":"user:a","k":1,"url":"/x"}`) != base {
		t.Error("metadata changed the hash")
	}
	if hash(`{"id":1,"title":"U","text":"x"}`) == base || hash(`{"id":1,"title":"T","text":"y"}`) == base {
		t.Error("another title or text has the same hash")
	}
}

func TestUnreadableFolderIsItsOwnError(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("the superuser can read everything")
	}
	root := tree(t, map[string]string{"a/x.txt": "x", "b.txt": "b"})
	if err := os.Chmod(filepath.Join(root, "a"), 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Join(root, "a"), 0o755)
	got := list(t, mustOpen(t, root, Options{}))
	want := []offered{{URI: "docs/a", Err: "unreadable: open: permission denied"}, {URI: "docs/b.txt", Text: "b"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestScifactIs5183Records(t *testing.T) {
	data := os.Getenv("RAGWAY_TEST_DATA")
	if data == "" {
		data = "../../../shared/data"
	}
	path := filepath.Join(data, "scifact", "corpus.jsonl")
	if _, err := os.Stat(path); err != nil {
		t.Skip("RAGWAY_TEST_DATA has no scifact: ", path)
	}
	n, last := 0, ingest.Item{}
	for it, err := range mustOpen(t, path, Options{}).Items(t.Context()) {
		if err != nil {
			t.Fatal(it.URI, err)
		}
		if n == 0 && it.URI != "scifact/corpus.jsonl#4983" {
			t.Error(it.URI)
		}
		n, last = n+1, it
	}
	if n != 5183 || text(t, last) == "" {
		t.Errorf("%d records, the last %+v", n, last)
	}
}

func TestItemsEndWithTheContext(t *testing.T) {
	root := tree(t, map[string]string{"a.txt": "a", "r.jsonl": "{\"id\":1,\"text\":\"x\"}\n{\"id\":2,\"text\":\"x\"}"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for it, err := range mustOpen(t, root, Options{}).Items(ctx) {
		if it.URI != "" || !errors.Is(err, context.Canceled) {
			t.Errorf("%+v, %v", it, err)
		}
	}
}

// However a record is broken, it must be known whose it is and that nobody may read it.
func TestBrokenRecordKeepsItsIDTenantAndClosedDoor(t *testing.T) {
	type known struct {
		URI, Tenant string
		ACL         []string
		Reason      ingest.Reason
	}
	nobody := []string{ingest.Nobody}
	tests := map[string]struct {
		file, in string
		want     known
	}{
		"access list": {"r.jsonl", `{"id":1,"acl":"hr","tenant":"acme","text":"x"}`, known{"#1", "acme", nobody, ingest.BadMetadata}},
		"field given twice, before its id and list": {"r.jsonl", `{"tags":{"x":1},"tags.x":[2],"id":1,"tenant":"acme","acl":["group:hr"],"text":"x"}`,
			known{"#1", "acme", []string{"group:hr"}, ingest.BadMetadata}},
		"tenant":             {"r.jsonl", `{"id":1,"tenant":5,"text":"x"}`, known{"#1", "", nobody, ingest.BadMetadata}},
		"list in capitals":   {"r.jsonl", `{"id":1,"ACL":["group:hr"],"text":"x"}`, known{"#1", "", nobody, ingest.BadMetadata}},
		"two lists":          {"r.csv", "id,acl,ACL,text\n1,group:hr,group:all,x\n", known{"#1", "", []string{"group:hr"}, ingest.BadMetadata}},
		"id of a wrong type": {"r.jsonl", `{"id":[1],"text":"x"}`, known{"#line:1", "", nil, ingest.Corrupt}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			root := tree(t, map[string]string{tt.file: tt.in})
			for it, err := range mustOpen(t, filepath.Join(root, tt.file), Options{}).Items(t.Context()) {
				got := known{strings.TrimPrefix(it.URI, "docs/"+tt.file), it.Tenant, it.ACL, ingest.ReasonOf(err)}
				if diff := cmp.Diff(tt.want, got); err == nil || diff != "" {
					t.Errorf("%v: %s", err, diff)
				}
			}
		})
	}
}

func TestRecordWhoseReadersChangedAfterThePlanIsNotStoredForTheOldOnes(t *testing.T) {
	root := tree(t, map[string]string{"r.jsonl": `{"id":1,"text":"one","acl":["group:all"]}`})
	path := filepath.Join(root, "r.jsonl")
	var items []ingest.Item
	for it := range mustOpen(t, path, Options{}).Items(t.Context()) {
		items = append(items, it)
	}
	if err := os.WriteFile(path, []byte(`{"id":1,"text":"one","acl":["group:hr "]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := items[0].Open(t.Context()); ingest.ReasonOf(err) != ingest.Unreadable {
		t.Errorf("got %v", err)
	}
}
