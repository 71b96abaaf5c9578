package source

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// decoded keeps UTF-8 copies of record files in another encoding, so that records can be
// addressed by byte offset whatever the file is in. JSON is UTF-8 by its standard, CSV is
// whatever the spreadsheet wrote.
type decoded struct {
	dir    string
	detect func([]byte) encoding.Encoding // see Options.Encoding

	mu    sync.Mutex
	files map[string]string // path@time → temporary file, "" when the file itself will do
}

func newDecoded(o Options) *decoded {
	return &decoded{dir: o.TempDir, detect: o.Encoding, files: map[string]string{}}
}

// pathOf returns where the file's records can be read as UTF-8.
func (d *decoded) pathOf(ctx context.Context, path string, info fs.FileInfo) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := fmt.Sprintf("%s@%d@%d", path, info.Size(), info.ModTime().UnixNano())
	copied, known := d.files[key]
	if !known {
		var err error
		if copied, err = d.decode(ctx, path); err != nil {
			return "", err
		}
		d.files[key] = copied
	}
	if copied == "" {
		return path, nil
	}
	return copied, nil
}

func (d *decoded) decode(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	enc, err := sniff(ctx, f, d.detect)
	if err != nil || enc == nil {
		return "", err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	return spool(ctx, enc.NewDecoder().Reader(f), d.dir)
}

// sniff returns the encoding to decode from, nil for UTF-8.
func sniff(ctx context.Context, r io.Reader, detect func([]byte) encoding.Encoding) (encoding.Encoding, error) {
	br := bufio.NewReaderSize(cancellable{ctx, r}, 64<<10)
	head, err := br.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) {
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM), nil
	}
	valid, err := isUTF8(br)
	if err != nil || valid {
		return nil, err
	}
	if detect != nil {
		if enc := detect(head); enc != nil {
			return enc, nil
		}
	}
	return charmap.Windows1252, nil
}

// isUTF8 reads r to its end, or to the first byte that is not UTF-8.
func isUTF8(r io.Reader) (bool, error) {
	buf := make([]byte, 64<<10)
	kept := 0
	for {
		n, err := r.Read(buf[kept:])
		data := buf[:kept+n]
		if err == io.EOF {
			return utf8.Valid(data), nil
		}
		if err != nil {
			return false, err
		}
		whole := len(data)
		for back := 1; back < utf8.UTFMax && back <= len(data); back++ {
			if b := data[len(data)-back]; utf8.RuneStart(b) {
				if !utf8.FullRune(data[len(data)-back:]) {
					whole = len(data) - back
				}
				break
			}
		}
		if !utf8.Valid(data[:whole]) {
			return false, nil
		}
		kept = copy(buf, data[whole:])
	}
}

// Close removes the copies.
func (d *decoded) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for key, path := range d.files {
		if path != "" {
			errs = append(errs, os.Remove(path))
		}
		delete(d.files, key)
	}
	return errors.Join(errs...)
}
