package source

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ragway/ingest"
)

// FuzzRecords holds whatever a record file may contain to: no panic, no two documents of
// one URI, only typed errors, and each record read again is the one that was offered.
func FuzzRecords(f *testing.F) {
	for _, seed := range []string{
		"{\"id\":1,\"text\":\"x\"}\n{\"id\":1}\n[]\n{", "\xef\xbb\xbf{\"text\":\"\\ud83d\"}\r\n", "id,text\n1,\"a\n\"\"b\"\n2,\"open\n", "a;b\n\"x\"y;z\n",
		"\xff\xfei\x00d\x00\n\x00", "id\ttext\n1\t\"\n", "{\"acl\":{\"x\":1},\"metadata\":{\"a\":[[1],{\"b\":null}]}}", "\"a\r\nb\",c\n\"d\r\n",
	} {
		for _, ext := range []string{"jsonl", "csv", "tsv"} {
			f.Add([]byte(seed), ext)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, ext string) {
		if ext != "jsonl" && ext != "csv" && ext != "tsv" {
			return
		}
		path := filepath.Join(t.TempDir(), "f."+ext)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), path, Options{Name: "n", RecordBytes: 64, TempDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		seen := map[string]bool{}
		for it, err := range s.Items(t.Context()) {
			if !strings.HasPrefix(it.URI, s.Prefix()) && it.URI != strings.TrimSuffix(s.Prefix(), "#") {
				t.Errorf("URI %q is not under %q", it.URI, s.Prefix())
			}
			if err != nil {
				if ingest.ReasonOf(err) == ingest.Internal {
					t.Errorf("untyped: %v", err)
				}
				continue
			}
			if seen[it.URI] {
				t.Errorf("URI %q twice", it.URI)
			}
			seen[it.URI] = true
			if it.Open == nil || it.Hash == "" {
				t.Fatalf("%+v", it)
			}
			if got := text(t, it); int64(len(got)) != it.Size {
				t.Errorf("read again: %q", got)
			}
		}
	})
}

// FuzzRow holds that the two ways to look for the end of a quoted cell agree.
func FuzzRow(f *testing.F) {
	f.Add([]byte(`a,"b""c",d`))
	f.Add([]byte(`"a"b",c"`))
	f.Add([]byte("\"a\n"))
	f.Fuzz(func(t *testing.T, row []byte) {
		tab := &table{delimiter: ',', quotes: true}
		cells, open := splitRow(row, ',', true)
		if got := tab.open(row, false); got != open {
			t.Errorf("%q: open %v, cells %q say %v", row, got, cells, open)
		}
		if n := bytes.Count(row, []byte{','}) + 1; len(cells) > n {
			t.Errorf("%q: %d cells", row, len(cells))
		}
	})
}
