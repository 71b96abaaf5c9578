package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"time"
)

// hashOf streams the item's bytes through SHA-256.
func hashOf(ctx context.Context, it Item) (string, error) {
	r, err := it.Open(ctx)
	if err != nil {
		return "", asFailure(err, Unreadable)
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, contextReader{ctx, r}); err != nil {
		return "", asFailure(err, Unreadable)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// read returns the item's bytes and their hash, TooLarge beyond the bound.
func (e *Engine) read(ctx context.Context, it Item) (data []byte, hash string, err error) {
	defer func(start time.Time) { e.o.Observer.stage("read", start, err) }(time.Now())
	most := e.o.Limits.DocumentBytes
	if it.Size > most {
		return nil, "", tooLarge(it.Size, most)
	}
	r, err := it.Open(ctx)
	if err != nil {
		return nil, "", asFailure(err, Unreadable)
	}
	defer r.Close()
	var buf bytes.Buffer
	if it.Size > 0 {
		buf.Grow(int(it.Size) + bytes.MinRead)
	}
	n, err := io.Copy(&buf, io.LimitReader(contextReader{ctx, r}, most+1))
	switch {
	case err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return nil, "", err
	case err != nil:
		return nil, "", asFailure(err, Unreadable)
	case n > most:
		return nil, "", tooLarge(n, most)
	}
	hash = it.Hash
	if hash == "" {
		sum := sha256.Sum256(buf.Bytes())
		hash = hex.EncodeToString(sum[:])
	}
	return buf.Bytes(), hash, nil
}

func tooLarge(size, most int64) error {
	return Failf(TooLarge, "at least %d bytes, the bound is %d", size, most)
}

// contextReader ends a long copy when the context does.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
