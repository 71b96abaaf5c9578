package extract

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"ragway/ingest"
)

// containerOf recognises the containers whose content is unmistakable.
func containerOf(head []byte, name string) *format {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return named("zip")
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b, 8}), bytes.HasPrefix(head, []byte("BZh")) && len(head) > 10:
		return named("compressed")
	case isTar(head):
		return named("tar")
	case bytes.HasPrefix(head, oleMagic):
		return named("outlook")
	case isMailbox(head):
		return named("mailbox")
	case startsLikeMail(head) && byExtension[extensionOf(name)] == nil:
		return named("mail")
	}
	return nil
}

func isTar(head []byte) bool { return len(head) >= 512 && string(head[257:262]) == "ustar" }

// maxDirectory is how many bytes of a zip's directory are read for each entry that is
// allowed: a directory can lie about how many there are, and each costs five times that
// in memory.
const maxDirectory = 160

// mostEntries bounds the directory of what may turn out to be any kind of zip file; each
// kind has its own bound below it.
const mostEntries = 1_000_000

// openZip reads the directory of a zip file.
func openZip(r io.ReaderAt, size int64, entries int) (*zip.Reader, error) {
	metered := &meteredReaderAt{r: r, left: int64(entries)*maxDirectory + 1<<17}
	z, err := zip.NewReader(metered, size)
	metered.left = -1
	switch {
	case errors.Is(err, errMetered), err == nil && len(z.File) > entries:
		return nil, ingest.Failf(ingest.TooLarge, "more than %d entries", entries)
	case err != nil:
		return nil, ingest.Failf(ingest.Corrupt, "zip: %w", err)
	}
	return z, nil
}

var errMetered = errors.New("more was read than allowed")

// meteredReaderAt fails once more than left bytes were read; a negative left is no bound.
type meteredReaderAt struct {
	r    io.ReaderAt
	left int64
}

func (m *meteredReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if m.left >= 0 {
		if m.left -= int64(len(p)); m.left < 0 {
			m.left = 0
			return 0, errMetered
		}
	}
	return m.r.ReadAt(p, off)
}

// listZip lists the files of a zip archive. A package of another format, whatever it is
// called, is a document.
func listZip(ctx context.Context, l *level) error {
	z, err := openZip(l.data, l.data.size, l.u.members)
	if err != nil {
		return err
	}
	if f := packageFormat(z); f != nil {
		return ingest.ErrNoContainer
	}
	for _, f := range z.File {
		if err := listed(ctx, l, f); err != nil {
			return err
		}
	}
	return nil
}

func listed(ctx context.Context, l *level, f *zip.File) error {
	name := zipName(f)
	switch {
	case strings.HasSuffix(name, "/"), !f.Mode().IsRegular():
		return nil
	case f.Flags&1 != 0:
		return l.fail(ctx, name, ingest.Failf(ingest.Encrypted, "needs a password"))
	}
	if err := l.unpack(int64(min(f.UncompressedSize64, 1<<62))); err != nil {
		return err
	}
	m := ingest.Member{
		Size: int64(f.UncompressedSize64),
		// By chance one changed file in four billion keeps its checksum and its size.
		Token: fmt.Sprintf("crc32:%08x:%d", f.CRC32, f.UncompressedSize64),
		Open:  l.data.reader(func() (io.ReadCloser, error) { return openEntry(f) }),
	}
	return l.add(ctx, m, name)
}

// openEntry gives no more than the directory says there is.
func openEntry(f *zip.File) (io.ReadCloser, error) {
	r, err := f.Open()
	switch {
	case errors.Is(err, zip.ErrAlgorithm):
		return nil, ingest.Failf(ingest.Unsupported, "compressed by method %d", f.Method)
	case err != nil:
		return nil, ingest.Failf(ingest.Corrupt, "%w", err)
	}
	return &entryReader{r, int64(f.UncompressedSize64)}, nil
}

type entryReader struct {
	io.ReadCloser
	left int64
}

func (e *entryReader) Read(p []byte) (int, error) {
	n, err := e.ReadCloser.Read(p)
	if e.left -= int64(n); e.left < 0 {
		return 0, ingest.Failf(ingest.Corrupt, "it is larger than the archive's directory says")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = ingest.Failf(ingest.Corrupt, "%w", err)
	}
	return n, err
}

// zipName is an entry's name in UTF-8: writers that do not use it do not say what they use.
func zipName(f *zip.File) string {
	if utf8.ValidString(f.Name) {
		return f.Name
	}
	return decode([]byte(f.Name), "")
}

// listTar lists the files of a tar archive.
func listTar(ctx context.Context, l *level) error {
	in := io.NewSectionReader(l.data, 0, l.data.size)
	t := tar.NewReader(cancellableSeeker{ctx, in})
	for {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return ingest.Failf(ingest.Corrupt, "tar: %w", err)
		case h.Typeflag == tar.TypeGNUSparse:
			err = l.fail(ctx, h.Name, ingest.Failf(ingest.Unsupported, "stored with holes"))
		case h.Typeflag == tar.TypeReg:
			err = tarMember(ctx, l, h, in)
		}
		if err != nil {
			return err
		}
	}
}

// tarMember finds the content where in stands.
func tarMember(ctx context.Context, l *level, h *tar.Header, in io.Seeker) error {
	at, err := in.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if h.Size > l.data.size-at {
		return ingest.Failf(ingest.Corrupt, "tar: cut off in %s", h.Name)
	}
	m := ingest.Member{Size: h.Size, ModTime: fileTime(h.ModTime), Open: l.data.section(at, h.Size)}
	name := h.Name
	if !utf8.ValidString(name) {
		name = decode([]byte(name), "")
	}
	return l.add(ctx, m, name)
}

// fileTime is zero for the times that builds give their files to have the same archive
// each time: they do not tell one content from another.
func fileTime(t time.Time) time.Time {
	if t.Year() < 1990 {
		return time.Time{}
	}
	return t
}

// cancellableSeeker is a seeker that ends when its context does.
type cancellableSeeker struct {
	ctx context.Context
	io.ReadSeeker
}

func (c cancellableSeeker) Read(p []byte) (int, error) {
	return cancellable{c.ctx, c.ReadSeeker}.Read(p)
}

// listCompressed lists the tar archive in a compressed file, or the one file it is.
func listCompressed(ctx context.Context, l *level) error {
	open := l.data.reader(func() (io.ReadCloser, error) { return decompressed(io.NewSectionReader(l.data, 0, l.data.size)) })
	inner := level{u: l.u, name: l.name, prefix: l.prefix, depth: l.depth, data: l.u.r.files.add(open, l.u.left)}
	release, err := inner.data.acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := l.unpack(inner.data.size); err != nil {
		return err
	}
	head := make([]byte, 512)
	if n, _ := inner.data.ReadAt(head, 0); isTar(head[:n]) {
		return listTar(ctx, &inner)
	}
	m := ingest.Member{Size: inner.data.size, Open: inner.data.section(0, inner.data.size)}
	return l.add(ctx, m, uncompressedName(l.name))
}

// uncompressedName is a compressed file's name before it was.
func uncompressedName(name string) string {
	base := path.Base(name)
	ext := path.Ext(base)
	switch strings.ToLower(ext) {
	case ".tgz", ".tbz2", ".tbz":
		return strings.TrimSuffix(base, ext) + ".tar"
	case ".gz", ".bz2", ".gzip":
		if bare := strings.TrimSuffix(base, ext); bare != "" {
			return bare
		}
	}
	return base + ".txt"
}

// decompressed tells gzip from bzip2 by how they begin.
func decompressed(r io.ReadSeeker) (io.ReadCloser, error) {
	var magic [2]byte
	if _, err := io.ReadFull(r, magic[:]); err != nil {
		return nil, ingest.Failf(ingest.Corrupt, "%w", err)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if magic == [2]byte{'B', 'Z'} {
		return io.NopCloser(corruptReader{bzip2.NewReader(r)}), nil
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, ingest.Failf(ingest.Corrupt, "gzip: %w", err)
	}
	return io.NopCloser(corruptReader{z}), nil
}

// corruptReader says of a decompressor's errors whose fault they are.
type corruptReader struct{ io.Reader }

func (c corruptReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = ingest.Failf(ingest.Corrupt, "%w", err)
	}
	return n, err
}
