//go:build soak

package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
	"ragway/retriever/local"
	"ragway/retriever/qdrant"
)

// mixedKills is how often an ingest of a mixed folder is killed, by store.
var mixedKills = map[string]int{"local": 50, "qdrant": 10}

// A folder of many formats changes while its ingests are killed at random moments. One
// more run then leaves the store as an ingest that nothing ever interrupted, document by
// document and chunk by chunk, and the embedder has seen no text twice but those of the
// requests that were under way when the ingest was killed.
func TestKilledIngestOfAMixedFolder(t *testing.T) {
	bin := ragway(t)
	for name, newTarget := range targets(t, bin) {
		t.Run(name, func(t *testing.T) {
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			rng := rand.New(rand.NewPCG(seed, 0))
			docs := mixedFolder(t, rng)
			seen := newCountingEmbedder(t)
			env := []string{"RAGWAY_EMBEDDER_KIND=openai", "RAGWAY_EMBEDDER_MODEL=counted", "RAGWAY_EMBEDDER_BASE_URL=" + seen.url, "RAGWAY_EMBEDDER_BATCH=64"}
			args := func(g target) []string {
				return []string{"ingest", docs, "--collection", g.collection, "--name", "mixed", "--prune", "--force"}
			}
			killed := newTarget()
			killed.env = append(killed.env, env...)
			took := 4 * time.Second
			for i := range mixedKills[name] {
				if i%5 == 4 {
					changeFolder(t, docs, rng)
				}
				acknowledged := killed.killed(t, args(killed), time.Duration(rng.Int64N(int64(took))))
				seen.interrupted()
				have := killed.contents(t, name)
				for uri := range acknowledged {
					if have[uri] == "" {
						t.Fatalf("%s was acknowledged and is gone", uri)
					}
				}
				t.Logf("kill %d: %d acknowledged, %d stored", i+1, len(acknowledged), len(have))
			}
			killed.runMixed(t, args(killed))
			again := seen.again()
			t.Logf("%d texts embedded, %d of them again", seen.distinct(), len(again))
			for _, text := range again {
				t.Errorf("embedded twice, and not under way at a kill: %.80q", text)
			}
			whole := newTarget()
			whole.env = append(whole.env, env...)
			whole.runMixed(t, args(whole))
			if diff := cmp.Diff(whole.contents(t, name), killed.contents(t, name)); diff != "" {
				t.Errorf("contents (-never killed +killed):\n%s", diff)
			}
		})
	}
}

// runMixed runs an ingest in which some documents fail.
func (g target) runMixed(t *testing.T, args []string) {
	t.Helper()
	cmd := g.command(t.Context(), append(args, "--quiet")...)
	if out, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() != exitSomeFailed {
		t.Fatalf("%v\n%s", err, out)
	}
}

// killed starts an ingest, kills it after some time, and returns what it acknowledged.
func (g target) killed(t *testing.T, args []string, after time.Duration) map[string]bool {
	t.Helper()
	cmd := g.command(t.Context(), append(args, "--json")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // gone already: nothing to kill
	defer timer.Stop()
	acknowledged := map[string]bool{}
	for dec := json.NewDecoder(out); ; {
		var ev struct{ Type, URI, Action string }
		if dec.Decode(&ev) != nil {
			break
		}
		switch {
		case ev.Type != "document":
		case ev.Action == "add" || ev.Action == "change" || ev.Action == "rewrite":
			acknowledged[ev.URI] = true
		case ev.Action == "delete":
			delete(acknowledged, ev.URI)
		}
	}
	_ = cmd.Wait() // killed, or done before that
	return acknowledged
}

// contents is all that the store holds of the collection, by URI, without times.
func (g target) contents(t *testing.T, kind string) map[string]string {
	t.Helper()
	var store retriever.Store
	var err error
	if kind == "qdrant" {
		store, err = qdrant.Open(t.Context(), qdrant.Options{Addresses: []string{os.Getenv("RAGWAY_TEST_QDRANT")}})
	} else {
		store, err = local.Open(t.Context(), local.Options{Path: filepath.Join(g.dir, "ragway-data")})
	}
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	out := map[string]string{}
	for d, err := range store.Documents(t.Context(), retriever.Operator(), g.collection, "") {
		if err != nil { // not created yet
			return out
		}
		doc, chunks, err := store.Document(t.Context(), retriever.Operator(), d.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := out[doc.URI]; twice {
			t.Fatalf("%s is there twice", doc.URI)
		}
		doc.UpdatedAt, doc.ModTime, doc.ID, doc.Collection, doc.Version = time.Time{}, time.Time{}, "", "", ""
		for i := range chunks {
			chunks[i].ID, chunks[i].DocumentID = "", ""
		}
		b, err := json.Marshal(struct {
			retriever.Document
			Chunks []retriever.Chunk
		}{doc, chunks})
		if err != nil {
			t.Fatal(err)
		}
		out[doc.URI] = string(b)
	}
	return out
}

// mixedFolder has real files of many formats, damaged ones among them, and many small ones.
func mixedFolder(t *testing.T, rng *rand.Rand) string {
	t.Helper()
	dir, data := t.TempDir(), testData(t, "formats")
	for _, kind := range []string{"md", "html", "docx", "pptx", "xlsx", "odf", "epub", "csv", "ipynb", "rst", "mail", "zip", "rtf", "json"} {
		err := filepath.WalkDir(filepath.Join(data, kind), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil || len(content) > 300_000 {
				return err
			}
			rel, err := filepath.Rel(data, path)
			if err != nil {
				return err
			}
			to := filepath.Join(dir, rel)
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			return os.WriteFile(to, content, 0o600)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 400 {
		write(t, filepath.Join(dir, fmt.Sprintf("note-%03d.md", i)), note(rng))
	}
	return dir
}

func note(rng *rand.Rand) string {
	words := strings.Fields("river mountain engine harvest letter copper window market garden signal winter paper bridge forest number island")
	var b strings.Builder
	for i := range 200 {
		if i%40 == 0 {
			fmt.Fprintf(&b, "\n\n# Part %d\n\n", rng.IntN(1000))
		}
		b.WriteString(words[rng.IntN(len(words))] + " ")
	}
	return b.String()
}

// changeFolder changes, renames, copies and removes some of the notes.
func changeFolder(t *testing.T, dir string, rng *rand.Rand) {
	t.Helper()
	notes, err := filepath.Glob(filepath.Join(dir, "note-*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range notes {
		switch rng.IntN(12) {
		case 0:
			write(t, path, note(rng))
		case 1:
			err = os.Rename(path, filepath.Join(dir, fmt.Sprintf("note-%d-%d.md", rng.Int64(), i)))
		case 2:
			err = os.Remove(path)
		case 3:
			content, rerr := os.ReadFile(path)
			if rerr != nil {
				t.Fatal(rerr)
			}
			write(t, filepath.Join(dir, fmt.Sprintf("note-%d-%d.md", rng.Int64(), i)), string(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// countingEmbedder remembers what it was asked, and in which order.
type countingEmbedder struct {
	url string

	mu       sync.Mutex
	times    map[string]int
	recent   [][]string // the last requests
	underWay map[string]int
}

// mostUnderWay is how many requests may be under way, or answered and not kept yet: two
// calls of 256 texts, in requests of 64.
const mostUnderWay = 2 * 256 / 64

func newCountingEmbedder(t *testing.T) *countingEmbedder {
	c := &countingEmbedder{times: map[string]int{}, underWay: map[string]int{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Input []string }
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		c.count(asked.Input)
		type item struct {
			Index     int       `json:"index"`
			Embedding []float32 `json:"embedding"`
		}
		var answer struct {
			Data []item `json:"data"`
		}
		for i, text := range asked.Input {
			answer.Data = append(answer.Data, item{i, wordVector("counted", text)})
		}
		_ = json.NewEncoder(w).Encode(answer) // a client that was killed does not read it
	}))
	t.Cleanup(server.Close)
	c.url = server.URL + "/v1"
	return c
}

func (c *countingEmbedder) count(texts []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return strings.HasPrefix(s, retriever.ProbeText) })
	for _, text := range kept {
		c.times[text]++
	}
	if len(kept) > 0 {
		c.recent = append(c.recent, kept)
		c.recent = c.recent[max(0, len(c.recent)-mostUnderWay):]
	}
}

// interrupted says that whoever asked was killed.
func (c *countingEmbedder) interrupted() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, texts := range c.recent {
		for _, text := range texts {
			c.underWay[text]++
		}
	}
	c.recent = nil
}

// again are the texts that were seen more often than they were under way at a kill.
func (c *countingEmbedder) again() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, text := range slices.Sorted(maps.Keys(c.times)) {
		if c.times[text] > 1+c.underWay[text] {
			out = append(out, text)
		}
	}
	return out
}

func (c *countingEmbedder) distinct() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.times)
}
