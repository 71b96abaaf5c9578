package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ragway/ingest"
	"ragway/ingest/extract"
)

// TestExtractPrintsWhatIngestReads holds `ragway extract --json` on every file of
// data/formats to what the readers give, whose expectations package extract tests.
func TestExtractPrintsWhatIngestReads(t *testing.T) {
	if raceEnabled {
		t.Skip("one document after the other has no races; make test runs this")
	}
	data := testData(t, "formats")
	var files []string
	err := filepath.WalkDir(data, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && filepath.Dir(path) != data && filepath.Base(filepath.Dir(path)) != "pdf" { // read twice, PDFs take too long
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := run(t.Context(), append([]string{"extract", "--json"}, files...), stdio{strings.NewReader(""), &out, &errs}, nil); code != exitSomeFailed {
		t.Errorf("exit code %d, want %d: some of the files are hostile\n%s", code, exitSomeFailed, errs.String())
	}
	registry, err := extract.New(extract.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Close()
	dec := json.NewDecoder(&out)
	for _, path := range files {
		var got extractOut
		if err := dec.Decode(&got); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := registry.Extract(t.Context(), ingest.Input{Name: filepath.Base(path), Data: content})
		switch {
		case got.File != path:
			t.Errorf("%s in place of %s", got.File, path)
		case err != nil && (got.Error == nil || got.Error.Reason != ingest.ReasonOf(err)):
			t.Errorf("%s: error %v, want %v", path, got.Error, err)
		case err == nil && (got.Error != nil || got.Text != want.Text || got.Title != want.Title || got.Format != want.Format ||
			got.Pages != want.Pages || len(got.Sheets) != len(want.Sheets) || got.Messages != want.Messages || got.Entries != want.Entries):
			t.Errorf("%s: not what is read", path)
		}
	}
}
