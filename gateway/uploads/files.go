package uploads

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"ragway/gateway"
	"ragway/retriever"
)

const (
	filePrefix = "file-"
	partPrefix = ".part-" // of files that are still coming
)

var fileID = regexp.MustCompile(`^file-[a-z2-7]{26}$`)

func (l *Library) path(id string) string { return filepath.Join(l.o.Dir, id) }

// CreateFile keeps a file. Once it returns, the file survives a crash.
func (l *Library) CreateFile(ctx context.Context, scope retriever.Scope, f gateway.NewFile) (gateway.File, error) {
	room, err := l.reserve(ctx)
	if err != nil {
		return gateway.File{}, err
	}
	in := &incoming{l: l, room: room}
	defer in.done()
	id := newID(filePrefix)
	size, sum, err := l.receive(id, io.TeeReader(f.Content, in))
	if err != nil {
		return gateway.File{}, err
	}
	rec := file{
		Tenant: scope.Tenant, Principals: scope.Principals, Name: f.Name, Purpose: f.Purpose(), Bytes: size, SHA256: sum,
		Created: l.o.Now().UTC(),
	}
	if err := l.files.put(ctx, home, id, rec); err != nil {
		return gateway.File{}, errors.Join(err, os.Remove(l.path(id)))
	}
	return rec.show(id), nil
}

// reserve is how many bytes there is room for besides what is kept and what is coming.
func (l *Library) reserve(ctx context.Context) (room int64, err error) {
	kept, err := l.files.all(ctx, home)
	if err != nil {
		return 0, err
	}
	room = l.o.TotalBytes
	for _, f := range kept {
		room -= f.Bytes
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(kept)+l.arrived >= l.o.TotalFiles {
		return 0, fmt.Errorf("%w: there are %d files, the limit", gateway.ErrStorageFull, l.o.TotalFiles)
	}
	l.arrived++
	return room, nil
}

// incoming counts the bytes of a file as they come, and refuses what is too much.
type incoming struct {
	l    *Library
	room int64 // of all that are coming
	size int64
}

// Write implements io.Writer.
func (in *incoming) Write(p []byte) (int, error) {
	in.l.mu.Lock()
	defer in.l.mu.Unlock()
	in.size += int64(len(p))
	in.l.coming += int64(len(p))
	switch {
	case in.size > in.l.o.FileBytes:
		return 0, fmt.Errorf("%w: the limit is %d bytes", gateway.ErrFileTooLarge, in.l.o.FileBytes)
	case in.l.coming > in.room:
		return 0, fmt.Errorf("%w: the limit is %d bytes in all", gateway.ErrStorageFull, in.l.o.TotalBytes)
	}
	return len(p), nil
}

func (in *incoming) done() {
	in.l.mu.Lock()
	defer in.l.mu.Unlock()
	in.l.coming -= in.size
	in.l.arrived--
}

// receive writes content to the folder under id, all of it or nothing.
func (l *Library) receive(id string, content io.Reader) (size int64, sum string, err error) {
	if err := os.MkdirAll(l.o.Dir, 0o700); err != nil {
		return 0, "", fmt.Errorf("keep file: %w", err)
	}
	part, err := os.CreateTemp(l.o.Dir, partPrefix+"*") // mode 0600
	if err != nil {
		return 0, "", fmt.Errorf("keep file: %w", err)
	}
	defer func() {
		if err != nil {
			_ = part.Close() // the first error says it
			_ = os.Remove(part.Name())
		}
	}()
	hash := sha256.New()
	if size, err = io.Copy(io.MultiWriter(part, hash), content); err != nil {
		return 0, "", err // the sender's, or a full disk's
	}
	if size == 0 {
		return 0, "", gateway.ErrFileEmpty
	}
	if err := errors.Join(part.Sync(), part.Close()); err != nil {
		return 0, "", fmt.Errorf("keep file: %w", err)
	}
	if err := os.Rename(part.Name(), l.path(id)); err != nil {
		return 0, "", fmt.Errorf("keep file: %w", err)
	}
	return size, hex.EncodeToString(hash.Sum(nil)), syncDir(l.o.Dir)
}

// syncDir makes a rename last. Some systems cannot, and need not.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("keep file: %w", err)
	}
	_ = d.Sync()
	return d.Close()
}

func (f file) show(id string) gateway.File {
	return gateway.File{ID: id, Name: f.Name, Purpose: f.Purpose, Bytes: f.Bytes, Created: f.Created}
}

// Files are the files that are for the caller, in no order.
func (l *Library) Files(ctx context.Context, scope retriever.Scope) ([]gateway.File, error) {
	kept, err := l.files.all(ctx, home)
	if err != nil {
		return nil, err
	}
	var out []gateway.File
	for id, f := range kept {
		if !f.Deleted && owns(scope, f.Tenant, f.Principals) {
			out = append(out, f.show(id))
		}
	}
	return out, nil
}

// File is one of them.
func (l *Library) File(ctx context.Context, scope retriever.Scope, id string) (gateway.File, error) {
	f, err := l.file(ctx, scope, id)
	return f.show(id), err
}

func (l *Library) file(ctx context.Context, scope retriever.Scope, id string) (file, error) {
	kept, err := l.files.all(ctx, home)
	if err != nil {
		return file{}, err
	}
	f, ok := kept[id]
	if !ok || f.Deleted || !owns(scope, f.Tenant, f.Principals) {
		return file{}, gateway.ErrFileNotFound
	}
	return f, nil
}

// DeleteFile removes a file and what was made of it in every collection. A deletion that a
// crash interrupts goes on with the next start.
func (l *Library) DeleteFile(ctx context.Context, scope retriever.Scope, id string) error {
	l.mu.Lock()
	f, err := l.file(ctx, scope, id)
	if err == nil {
		f.Deleted = true
		err = l.files.put(ctx, home, id, f)
	}
	l.mu.Unlock()
	if err != nil {
		return err
	}
	in, err := l.withdraw(ctx, id)
	if err != nil {
		return err
	}
	for _, name := range in {
		if err := l.awaitGone(ctx, name, id); err != nil {
			return err
		}
	}
	return l.purge(ctx, id)
}

// withdraw takes a file that is going out of the collections that want it.
func (l *Library) withdraw(ctx context.Context, id string) (in []string, err error) {
	names, err := l.collections(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		attachments, err := l.attachments.all(ctx, name)
		if err != nil {
			return nil, err
		}
		if _, ok := attachments[id]; !ok {
			continue
		}
		if err := l.remove(ctx, name, id); err != nil {
			return nil, err
		}
		in = append(in, name)
	}
	return in, nil
}

// purge removes the bytes and the record of a file that nothing wants any more.
func (l *Library) purge(ctx context.Context, id string) error {
	if err := os.Remove(l.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete file: %w", err)
	}
	return l.files.delete(ctx, home, id)
}

// collections are all in which there can be uploads.
func (l *Library) collections(ctx context.Context) ([]string, error) {
	infos, err := l.o.Store.Collections(ctx, l.o.Scope)
	if err != nil {
		return nil, fmt.Errorf("collections: %w", err)
	}
	names := map[string]bool{}
	for _, i := range infos {
		names[i.Name] = true
	}
	stores, err := l.stores.all(ctx, home)
	if err != nil {
		return nil, err
	}
	for name := range stores {
		names[name] = true
	}
	waiting, err := l.queue.all(ctx, home)
	if err != nil {
		return nil, err
	}
	for name := range waiting {
		names[name] = true
	}
	return sorted(names), nil
}

// abandoned is how old a file must be that nothing knows of, before it is removed: another
// process may be about to tell.
const abandoned = time.Hour

// sweep removes from the folder what a crash has left there.
func (l *Library) sweep(ctx context.Context) error {
	kept, err := l.files.all(ctx, home)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(l.o.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sweep uploads: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || l.o.Now().Sub(info.ModTime()) < abandoned {
			continue
		}
		if _, known := kept[e.Name()]; strings.HasPrefix(e.Name(), partPrefix) || fileID.MatchString(e.Name()) && !known {
			if err := os.Remove(l.path(e.Name())); err != nil {
				return fmt.Errorf("sweep uploads: %w", err)
			}
		}
	}
	return nil
}
