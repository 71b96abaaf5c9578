package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWatchServesWhatIsSaved runs the command as a person does: a file that is saved is
// found without another command, and Ctrl-C ends it well.
func TestWatchServesWhatIsSaved(t *testing.T) {
	docs, data := t.TempDir(), t.TempDir()
	save := func(name, text string) {
		if err := os.WriteFile(filepath.Join(docs, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	save("a.md", "# Ferries\n\nThe ferry leaves at nine.")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"--data-dir", data, "ingest", docs, "--name", "docs", "--watch"}, stdio{strings.NewReader(""), w, w}, nil)
		w.Close()
	}()
	lines := bufio.NewScanner(r)
	until := func(part string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), part) {
				return
			}
		}
		t.Fatalf("the output ended before %q", part)
	}
	until("1 added, 0 changed, 0 deleted, 0 unchanged, 0 skipped, 0 failed;")
	save("b.md", "# Cats\n\nThe ship's cat is called Biscuit.")
	until("1 added, 0 changed, 0 deleted, 1 unchanged, 0 skipped, 0 failed;")
	if out := command(t, nil, "--data-dir", data, "search", "what is the cat called"); !strings.Contains(string(out), "Biscuit") {
		t.Errorf("search: %s", out)
	}
	interrupt()
	for lines.Scan() { // what is said at the end must not block it
		continue
	}
	if got := <-code; got != exitDone {
		t.Errorf("exit code %d", got)
	}
}
