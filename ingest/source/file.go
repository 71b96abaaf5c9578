package source

import (
	"context"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/text/unicode/norm"

	"ragway/ingest"
)

// single is one file that was named itself, also a spooled standard input.
type single struct {
	name   string
	origin string
	uri    string
	path   string
	text   *decoded
	o      Options
	spool  bool // path is a temporary file of ours
}

var (
	_ Source          = (*single)(nil)
	_ ingest.Coverer  = (*single)(nil)
	_ ingest.Folderer = (*single)(nil)
)

func openFile(path string, o Options) (Source, error) {
	dir := filepath.Dir(path)
	name, err := nameFor(dir, o)
	if err != nil {
		return nil, err
	}
	uri := name + "/" + norm.NFC.String(filepath.Base(path))
	return &single{name: name, origin: originOf(dir), uri: uri, path: path, text: newDecoded(o), o: o}, nil
}

func (s *single) Name() string   { return s.name }
func (s *single) Origin() string { return s.origin }

// Folders is where the file lies: programs that save a file put another in its place.
func (s *single) Folders() []string { return []string{filepath.Dir(s.path)} }

// Prefix is the document's URI, or what those of its records start with.
func (s *single) Prefix() string {
	if isRecordFile(s.uri) {
		return s.uri + "#"
	}
	return s.uri
}

// Covers takes "docs/a" to be another document than "docs/ab".
func (s *single) Covers(uri string) bool {
	p := s.Prefix()
	return uri == p || isRecordFile(s.uri) && len(uri) > len(p) && uri[:len(p)] == p
}

func (s *single) Items(ctx context.Context) iter.Seq2[ingest.Item, error] {
	return func(yield func(ingest.Item, error) bool) {
		info, err := os.Stat(s.path)
		if err != nil {
			yield(ingest.Item{}, err)
			return
		}
		if s.spool {
			info = timeless{info}
		}
		f := file{path: s.path, uri: s.uri, info: info, explicit: true}
		if !s.spool {
			dir := filepath.Dir(s.path)
			f.settings = settingsAbove(dir).in(dir, s.name)
		}
		itemsOf(ctx, f, s.text, s.o, yield)
	}
}

func (s *single) Close() error {
	err := s.text.Close()
	if s.spool {
		if rerr := os.Remove(s.path); err == nil {
			err = rerr
		}
	}
	return err
}

// timeless is a spooled file, whose modification time says nothing about its content.
type timeless struct{ fs.FileInfo }

func (timeless) ModTime() time.Time { return time.Time{} }
