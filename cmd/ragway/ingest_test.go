package main

import (
	"context"
	"io"
	"strings"
	"testing"
)

func TestInterruptEndsAnIngestThatWaitsForInput(t *testing.T) {
	t.Chdir(t.TempDir())
	typing, terminal := io.Pipe() // nobody types
	defer terminal.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	var out, errs strings.Builder
	code := run(ctx, []string{"ingest", "-", "--name", "note.md"}, stdio{typing, &out, &errs}, nil)
	if code != exitInterrupted {
		t.Errorf("exit code %d, want %d: %s%s", code, exitInterrupted, out.String(), errs.String())
	}
}
