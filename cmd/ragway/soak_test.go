//go:build soak

// Long tests of the built program, under `make soak`: what killing an ingest leaves
// behind, and how soon a running server answers from what another process ingested.

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ragway builds the program once a test.
func ragway(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "ragway")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// target is a data folder, and the store flags a run over it needs.
type target struct {
	bin, dir   string
	flags      []string
	env        []string
	collection string
}

func (g target) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, g.bin, append(append([]string{}, args...), g.flags...)...)
	cmd.Dir, cmd.Env = g.dir, append(os.Environ(), g.env...)
	return cmd
}

func (g target) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := g.command(t.Context(), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ragway %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return string(out)
}

// documents is what the store holds, without the times.
func (g target) documents(t *testing.T) map[string]string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(g.dir, "ragway-data")); err != nil && len(g.flags) == 0 {
		return nil
	}
	out := map[string]string{}
	cmd := g.command(t.Context(), "documents", "list", "--json", "--collection", g.collection)
	data, err := cmd.Output()
	if err != nil { // the collection does not exist yet
		return nil
	}
	for line := range strings.Lines(string(data)) {
		var d struct {
			URI     string `json:"uri"`
			Version string `json:"version"`
			Chunks  int    `json:"chunks"`
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		if _, twice := out[d.URI]; twice {
			t.Fatalf("%s is there twice", d.URI)
		}
		out[d.URI] = fmt.Sprintf("%s, %d chunks", d.Version, d.Chunks)
	}
	return out
}

// corpus writes n records of about 120 words from a small vocabulary.
func corpus(t *testing.T, dir string, n int) string {
	t.Helper()
	path := filepath.Join(dir, "corpus.jsonl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	defer w.Flush()
	rng := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("river mountain engine harvest letter copper window market garden signal winter paper bridge forest number island doctor school music travel")
	enc := json.NewEncoder(w)
	for i := range n {
		var text strings.Builder
		for range 120 {
			text.WriteString(words[rng.IntN(len(words))] + " ")
		}
		if err := enc.Encode(map[string]string{"_id": fmt.Sprint(i), "title": fmt.Sprintf("record %d", i), "text": text.String()}); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func targets(t *testing.T, bin string) map[string]func() target {
	m := map[string]func() target{"local": func() target { return target{bin: bin, dir: t.TempDir(), collection: "soak"} }}
	if addr := os.Getenv("RAGWAY_TEST_QDRANT"); addr != "" {
		n := 0
		m["qdrant"] = func() target {
			n++
			g := target{
				bin: bin, dir: t.TempDir(), flags: []string{"--store", "qdrant"},
				env:        []string{"RAGWAY_STORE_QDRANT_ADDRESSES=" + addr},
				collection: fmt.Sprintf("soak_%d_%d", os.Getpid(), n),
			}
			t.Cleanup(func() {
				_ = g.command(context.Background(), "collections", "delete", g.collection, "--yes").Run() // best effort
			})
			return g
		}
	}
	return m
}

const (
	kills       = 20
	soakRecords = 6000
)

// Twenty times an ingest is killed at a random moment. Every document it reported is
// there afterwards, and one more run leaves the store as if nothing had happened.
func TestKilledIngestLosesNothing(t *testing.T) {
	bin := ragway(t)
	for name, newTarget := range targets(t, bin) {
		t.Run(name, func(t *testing.T) {
			path := corpus(t, t.TempDir(), soakRecords)
			whole := newTarget()
			start := time.Now()
			whole.run(t, "ingest", path, "--collection", whole.collection, "--name", "soak", "--quiet")
			took := time.Since(start)
			want := whole.documents(t)

			rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
			killed, acknowledged, stored := newTarget(), map[string]bool{}, 0
			complete := func() {
				killed.run(t, "ingest", path, "--collection", killed.collection, "--name", "soak", "--quiet")
				if diff := cmp.Diff(want, killed.documents(t)); diff != "" {
					t.Errorf("after the last run: %s", diff)
				}
			}
			for i := range kills {
				if stored > soakRecords*9/10 { // too little left to interrupt: once more from the start
					complete()
					killed, acknowledged = newTarget(), map[string]bool{}
				}
				after := time.Duration(rng.Int64N(int64(took) / 8))
				ingestAndKill(t, killed, path, after, i%4 > 0, acknowledged)
				have := killed.documents(t)
				for uri := range acknowledged {
					if have[uri] == "" {
						t.Fatalf("%s was acknowledged and is gone", uri)
					}
				}
				stored = len(have)
				t.Logf("killed: %d acknowledged, %d stored", len(acknowledged), stored)
			}
			complete()
		})
	}
}

// ingestAndKill kills an ingest some time after its start, or after the first document it
// acknowledges, and adds those it acknowledged.
func ingestAndKill(t *testing.T, g target, path string, after time.Duration, fromFirst bool, acknowledged map[string]bool) {
	t.Helper()
	cmd := g.command(t.Context(), "ingest", path, "--collection", g.collection, "--name", "soak", "--json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() { _ = cmd.Process.Kill() } // gone already: nothing to kill
	var timer *time.Timer
	if !fromFirst {
		timer = time.AfterFunc(after, kill)
	}
	sc := bufio.NewScanner(out)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var ev struct{ Type, URI, Action string }
		if json.Unmarshal(sc.Bytes(), &ev) != nil || ev.Type != "document" || ev.Action != "add" {
			continue
		}
		acknowledged[ev.URI] = true
		if timer == nil {
			timer = time.AfterFunc(after, kill)
		}
	}
	_ = cmd.Wait() // killed, or done before that
	if timer != nil {
		timer.Stop()
	}
}

// A fact ingested by another process is answered by a running server; how soon is
// printed, and held only against a hang.
func TestNewFactIsServed(t *testing.T) {
	bin := ragway(t)
	for name, newTarget := range targets(t, bin) {
		t.Run(name, func(t *testing.T) {
			g := newTarget()
			facts := t.TempDir()
			write(t, filepath.Join(facts, "start.md"), "The office opens at nine.")
			g.run(t, "ingest", facts, "--collection", g.collection, "--name", "facts", "--quiet")
			url := serve(t, g)
			for i := range 10 {
				fact := fmt.Sprintf("The access code of door %c is %d.", 'A'+i, 1000+7*i)
				write(t, filepath.Join(facts, fmt.Sprintf("door%d.md", i)), fact)
				g.run(t, "ingest", facts, "--collection", g.collection, "--name", "facts", "--quiet")
				ended := time.Now()
				question := fmt.Sprintf(`{"model":"m","rag":{"collections":[%q]},"messages":[{"role":"user","content":"What is the access code of door %c?"}]}`, g.collection, 'A'+i)
				for !strings.Contains(post(t, url, question), fmt.Sprint(1000+7*i)) {
					if time.Since(ended) > time.Minute {
						t.Fatalf("%q is not served", fact)
					}
				}
				t.Logf("served %v after the ingest's end", time.Since(ended).Round(time.Millisecond))
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func serve(t *testing.T, g target) string {
	t.Helper()
	cmd, url := g.served(t)
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // Wait tells
		if err := cmd.Wait(); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return url
}

// served starts a server that the caller ends.
func (g target) served(t *testing.T) (*exec.Cmd, string) {
	t.Helper()
	cmd := g.command(context.Background(), "serve", "--listen", "127.0.0.1:0")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := ""
	for sc := bufio.NewScanner(stderr); sc.Scan(); {
		said += sc.Text() + "\n"
		if _, url, ok := strings.Cut(sc.Text(), "listening on "); ok {
			go func() { _, _ = io.Copy(io.Discard, stderr) }() // until it ends
			return cmd, url
		}
	}
	t.Fatalf("serve ended without listening: %s", said)
	return nil, ""
}

func post(t *testing.T, url, body string) string {
	t.Helper()
	resp, err := http.Post(url+"/v1/chat/completions", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v: %s", resp.Status, err, data)
	}
	return string(data)
}
