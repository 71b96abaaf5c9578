package source

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"ragway/ingest"
)

// isRecordFile reports whether the name's extension says one document a record.
func isRecordFile(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".jsonl", ".ndjson", ".csv", ".tsv":
		return true
	}
	return false
}

// recordFile is a file of records; it can read each of them again by its place.
type recordFile struct {
	uri     string
	path    string // of its UTF-8 form
	modTime time.Time
	fields  func(raw []byte) ([]field, error)

	deletions bool
}

// place is where a record lies in the file's UTF-8 form.
type place struct {
	line   int
	offset int64
	length int
}

// reader is one pass over a record file.
type reader struct {
	*recordFile
	file  *os.File
	lines *lines
	most  int
	seen  map[[12]byte]int // hashes of ids, and the line each was first on
	yield func(ingest.Item, error) bool
}

// recordsOf yields the file's records in order, in bounded memory but for a few bytes a
// record. A record that cannot be read is an error of its own, called by its line.
func recordsOf(ctx context.Context, f file, text *decoded, o Options, yield func(ingest.Item, error) bool) bool {
	fail := func(err error) bool {
		return yield(ingest.Item{URI: f.uri, Size: -1, ModTime: f.info.ModTime()}, ingest.Failf(ingest.Unreadable, "%w", withoutPath(err)))
	}
	where, err := text.pathOf(ctx, f.path, f.info)
	if err != nil {
		return fail(err)
	}
	handle, err := os.Open(where)
	if err != nil {
		return fail(err)
	}
	defer handle.Close()
	r := &reader{
		recordFile: &recordFile{uri: f.uri, path: where, modTime: f.info.ModTime(), fields: parseObject, deletions: f.deletions},
		file:       handle, lines: newLines(handle, o.RecordBytes), most: o.RecordBytes,
		seen: map[[12]byte]int{}, yield: yield,
	}
	var more bool
	switch strings.ToLower(path.Ext(f.uri)) {
	case ".csv":
		more, err = r.rows(ctx, false)
	case ".tsv":
		more, err = r.rows(ctx, true)
	default:
		more, err = r.objects(ctx)
	}
	if err != nil && ctx.Err() == nil {
		return fail(err)
	}
	return more
}

// objects reads one JSON object a line.
func (r *reader) objects(ctx context.Context) (more bool, err error) {
	for ctx.Err() == nil {
		l, err := r.lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return true, nil
		case errors.Is(err, errLongLine):
			if !r.failLine(l.number, r.tooLong(l.number)) {
				return false, nil
			}
			continue
		case err != nil:
			return true, err
		case len(strings.TrimSpace(string(l.text))) == 0:
			continue
		}
		if !r.record(l.text, place{l.number, l.offset, len(l.text)}) {
			return false, nil
		}
	}
	return true, ctx.Err()
}

func (r *reader) tooLong(line int) error {
	return ingest.Failf(ingest.TooLarge, "line %d is over the bound of %d bytes", line, r.most)
}

// record yields the item of one record.
func (r *reader) record(raw []byte, at place) bool {
	fields, err := r.fields(raw)
	if err != nil {
		return r.failLine(at.line, atLine(at.line, err))
	}
	gone, deletion := false, error(nil)
	if r.deletions {
		gone, fields, deletion = takeDelete(fields)
	}
	var rec record
	parsed := cmp.Or(rec.parse(fields), deletion)
	id := rec.id
	if gone && id == "" && parsed == nil {
		parsed = errors.New("a deletion needs an id")
	}
	if id == "" && parsed == nil {
		id = r.idOf(raw)
	}
	if id == "" {
		// Corrupt, whatever it is: it may be any of the file's records, so none may be pruned.
		return r.failLine(at.line, atLine(at.line, ingest.Failf(ingest.Corrupt, "%w", parsed)))
	}
	if first := r.remember(id, at.line); first != 0 {
		return r.failLine(at.line, ingest.Failf(ingest.BadMetadata, "line %d: id %q is on line %d already", at.line, id, first))
	}
	if gone && parsed == nil {
		return r.yield(ingest.Item{URI: r.uri + "#" + id, RecordID: id, Tenant: rec.tenant, Size: -1, Deleted: true}, nil)
	}
	return r.yield(r.item(rec, id, at), atLine(at.line, parsed))
}

// takeDelete takes the field that asks for a deletion out of a record's.
func takeDelete(fields []field) (gone bool, rest []field, err error) {
	for i, f := range fields {
		if f.name != "delete" {
			continue
		}
		gone, ok := f.value.(bool)
		if !ok {
			err = ingest.Failf(ingest.BadMetadata, "field %q is %T, want true or false", f.name, f.value)
		}
		return gone, slices.Delete(fields, i, i+1), err
	}
	return false, fields, nil
}

func (r *recordFile) item(rec record, id string, at place) ingest.Item {
	hash, tenant, acl := rec.hash(), rec.tenant, rec.acl
	same := func(now record) bool {
		return now.hash() == hash && now.tenant == tenant && slices.Equal(now.acl, acl)
	}
	return ingest.Item{
		URI: r.uri + "#" + id, Name: "record.txt", MIME: "text/plain", RecordID: id, Title: rec.title, URL: rec.url,
		Tenant: rec.tenant, ACL: rec.acl, Metadata: rec.metadata,
		Size: int64(len(rec.text)), ModTime: r.modTime, Hash: hash,
		Open: func(context.Context) (io.ReadCloser, error) { return r.reopen(at, same) },
	}
}

// reopen reads the record again; it is an error when another one stands there now, or the
// same for other readers.
func (r *recordFile) reopen(at place, same func(record) bool) (io.ReadCloser, error) {
	f, err := os.Open(r.path)
	if err != nil {
		return nil, ingest.Failf(ingest.Unreadable, "line %d: %w", at.line, withoutPath(err))
	}
	defer f.Close()
	raw := make([]byte, at.length)
	var rec record
	if _, err = f.ReadAt(raw, at.offset); err == nil {
		var fields []field
		if fields, err = r.fields(raw); err == nil {
			if r.deletions {
				_, fields, _ = takeDelete(fields)
			}
			err = rec.parse(fields)
		}
	}
	if err != nil || !same(rec) {
		return nil, ingest.Failf(ingest.Unreadable, "line %d changed after the plan was made", at.line)
	}
	return io.NopCloser(strings.NewReader(rec.text)), nil
}

// idOf names a record without an id after its content; the n-th with the same content
// gets a number.
func (r *reader) idOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	id := hex.EncodeToString(sum[:8])
	for n := 2; r.known(id) != 0; n++ {
		id = fmt.Sprintf("%s-%d", hex.EncodeToString(sum[:8]), n)
	}
	return id
}

func (r *reader) known(id string) (line int) { return r.seen[idKey(id)] }

// remember returns the line that has the id already, else 0.
func (r *reader) remember(id string, line int) (first int) {
	if first := r.known(id); first != 0 {
		return first
	}
	r.seen[idKey(id)] = line
	return 0
}

func idKey(id string) (key [12]byte) {
	sum := sha256.Sum256([]byte(id))
	copy(key[:], sum[:])
	return key
}

// failLine yields a record that is known only by its line.
func (r *reader) failLine(line int, err error) bool {
	return r.yield(ingest.Item{URI: fmt.Sprintf("%s#line:%d", r.uri, line), Size: -1, ModTime: r.modTime}, err)
}

// atLine puts the line in front of a failure's message; nil stays nil.
func atLine(line int, err error) error {
	if err == nil {
		return nil
	}
	f := ingest.Failf(ingest.ReasonOf(err), "line %d: %w", line, err)
	var inner *ingest.Failure
	if errors.As(err, &inner) {
		f.Message = fmt.Sprintf("line %d: %s", line, inner.Message)
	}
	return f
}

var _ fs.FileInfo = timeless{}
