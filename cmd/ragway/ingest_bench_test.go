//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// child runs a program and returns how long it took, its processor time and its peak
// memory in bytes.
func child(b *testing.B, name string, args ...string) (took, cpu time.Duration, peak int64) {
	b.Helper()
	cmd := exec.Command(name, args...)
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() != exitSomeFailed {
		b.Fatalf("%s: %v\n%s", name, err, out)
	}
	took = time.Since(start)
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		b.Fatal("no resource usage")
	}
	return took, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), usage.Maxrss * 1024
}

// program builds ragway.
func program(b *testing.B) string {
	b.Helper()
	bin := filepath.Join(b.TempDir(), "ragway")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// abstractFiles writes Markdown files of 18 abstracts each, megabytes in all.
func abstractFiles(b *testing.B, megabytes int) (dir string, size int64) {
	b.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "scifact", "corpus.jsonl"))
	if err != nil {
		b.Skip("no SciFact beside the checkout")
	}
	var texts []string
	for line := range strings.Lines(string(data)) {
		var d struct{ Title, Text string }
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			b.Fatal(err)
		}
		texts = append(texts, "# "+d.Title+"\n\n"+d.Text+"\n\n")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	dir = b.TempDir()
	for i := 0; size < int64(megabytes)*1e6; i++ {
		var text strings.Builder
		for range 18 {
			text.WriteString(texts[rng.IntN(len(texts))])
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.md", i)), []byte(text.String()), 0o600); err != nil {
			b.Fatal(err)
		}
		size += int64(text.Len())
	}
	return dir, size
}

// BenchmarkIngestMarkdown ingests with the built-in embedder into the local store, index
// for the next search included, beside reading the same files.
func BenchmarkIngestMarkdown(b *testing.B) {
	bin := program(b)
	for _, megabytes := range []int{3, 30} {
		b.Run(fmt.Sprintf("%d MB", megabytes), func(b *testing.B) {
			dir, size := abstractFiles(b, megabytes)
			for b.Loop() {
				start := time.Now()
				readAll(b, dir)
				read := time.Since(start)
				took, cpu, peak := child(b, bin, "--data-dir", b.TempDir(), "ingest", dir, "--quiet")
				b.ReportMetric(float64(size)/1e6/took.Seconds(), "MB/s")
				b.ReportMetric(took.Seconds()/read.Seconds(), "x-read")
				b.ReportMetric(cpu.Seconds(), "cpu-s")
				b.ReportMetric(float64(peak)/1e6, "peak-MB")
			}
		})
	}
}

func readAll(b *testing.B, dir string) {
	b.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range files {
		in, err := os.Open(filepath.Join(dir, f.Name()))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, bufio.NewReader(in)); err != nil {
			b.Fatal(err)
		}
		in.Close()
	}
}

// BenchmarkIngestUnchanged runs a second ingest over 38,000 small files.
func BenchmarkIngestUnchanged(b *testing.B) {
	bin, docs, data := program(b), b.TempDir(), b.TempDir()
	for i := range 38_000 {
		dir := filepath.Join(docs, fmt.Sprint(i/200))
		if i%200 == 0 {
			if err := os.Mkdir(dir, 0o700); err != nil {
				b.Fatal(err)
			}
		}
		text := fmt.Sprintf("# Note %d\n\nThe harbour of island %d opens at nine.\n", i, i%97)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.md", i)), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	child(b, bin, "--data-dir", data, "ingest", docs, "--quiet")
	for b.Loop() {
		took, cpu, peak := child(b, bin, "--data-dir", data, "ingest", docs, "--quiet")
		b.ReportMetric(took.Seconds(), "s")
		b.ReportMetric(cpu.Seconds(), "cpu-s")
		b.ReportMetric(float64(peak)/1e6, "peak-MB")
	}
}

// BenchmarkExtractPDF compares processor time with pdftotext's, on real files.
func BenchmarkExtractPDF(b *testing.B) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		b.Skip("no pdftotext on this machine")
	}
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "data", "formats", "pdf", "*.pdf"))
	if err != nil || len(files) == 0 {
		b.Skip("no PDFs beside the checkout")
	}
	var sane []string
	for _, f := range files {
		if exec.Command("pdftotext", f, os.DevNull).Run() == nil {
			sane = append(sane, f)
		}
	}
	bin := program(b)
	for b.Loop() {
		var theirs time.Duration
		for _, f := range sane {
			_, cpu, _ := child(b, "pdftotext", f, os.DevNull)
			theirs += cpu
		}
		_, ours, _ := child(b, bin, append([]string{"extract", "--json"}, sane...)...)
		b.ReportMetric(theirs.Seconds()/ours.Seconds(), "x-pdftotext")
	}
}
