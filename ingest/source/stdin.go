package source

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// openStdin spools standard input, so that its bytes can be hashed, then read again. With
// the name "docs" its URI is docs/stdin, with "docs/notes.md" that.
func openStdin(ctx context.Context, o Options) (Source, error) {
	if o.Name == "" {
		return nil, fmt.Errorf("standard input %w", ErrNeedsName)
	}
	if o.Stdin == nil {
		return nil, fmt.Errorf("standard input is not available here: %w", ErrUnsupported)
	}
	first, rel, hasRel := strings.Cut(o.Name, "/")
	name, err := checkName(first)
	if err != nil {
		return nil, err
	}
	if !hasRel {
		rel = "stdin" + path.Ext(name)
	}
	if rel != path.Clean(rel) || strings.HasPrefix(rel, "..") || strings.HasPrefix(rel, "/") {
		return nil, fmt.Errorf("%w %q", ErrBadName, o.Name)
	}
	spooled, err := spool(ctx, o.Stdin, o.TempDir)
	if err != nil {
		return nil, err
	}
	return &single{name: name, origin: "stdin", uri: name + "/" + norm.NFC.String(rel), path: spooled, text: newDecoded(o), o: o, spool: true}, nil
}

// spool copies r to a temporary file, which the caller removes.
func spool(ctx context.Context, r io.Reader, dir string) (string, error) {
	f, err := os.CreateTemp(dir, "ragway-spool-*")
	if err != nil {
		return "", fmt.Errorf("spool: %w", err)
	}
	_, err = io.Copy(f, cancellable{ctx, r})
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(f.Name())
		return "", fmt.Errorf("spool: %w", err)
	}
	return f.Name(), nil
}

type cancellable struct {
	ctx context.Context
	r   io.Reader
}

func (c cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
