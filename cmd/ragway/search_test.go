package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// found is what `ragway search --json` prints, as far as these tests look at it.
type found struct {
	Hits []struct {
		URI, Text string
		Signals   struct {
			RerankRank int `json:"rerank_rank"`
		}
	}
	Degraded []struct{ Stage string }
	Notes    []string
}

func search(t *testing.T, environ, flags []string, args ...string) found {
	t.Helper()
	out := command(t, environ, append(append(flags, "--json", "search"), args...)...)
	var f found
	if err := json.Unmarshal(out, &f); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return f
}

func TestSearchAsksTheConfiguredReranker(t *testing.T) {
	folder := t.TempDir()
	writeDocument(t, filepath.Join(folder, "a.md"), "Leave: every employee has thirty days of leave, leave and leave.")
	writeDocument(t, filepath.Join(folder, "b.md"), "A chapter on leave that a reader would prefer.")
	flags := []string{"--data-dir", t.TempDir()}
	words := []string{"RAGWAY_EMBEDDER_KIND=none"}
	command(t, words, append(flags, "ingest", folder, "--name", "f")...)
	down := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Texts []string }
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || down || r.URL.Path != "/rerank" {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		type result struct {
			Index int     `json:"index"`
			Score float64 `json:"score"`
		}
		var results []result
		for i, text := range asked.Texts {
			score := 0.1
			if strings.Contains(text, "prefer") {
				score = 0.9
			}
			results = append(results, result{i, score})
		}
		if err := json.NewEncoder(w).Encode(results); err != nil {
			t.Errorf("answer: %v", err)
		}
	}))
	defer server.Close()
	environ := append(words, "RAGWAY_RERANKER_KIND=tei", "RAGWAY_RERANKER_BASE_URL="+server.URL)
	if plain := search(t, words, flags, "leave"); len(plain.Hits) != 2 || plain.Hits[0].URI != "f/a.md" {
		t.Fatalf("without a reranker: %+v", plain)
	}
	if got := search(t, environ, flags, "leave"); len(got.Hits) != 2 || got.Hits[0].URI != "f/b.md" || got.Hits[0].Signals.RerankRank != 1 {
		t.Errorf("reranked: %+v", got)
	}
	down = true
	got := search(t, environ, flags, "leave")
	if len(got.Hits) != 2 || got.Hits[0].URI != "f/a.md" || len(got.Degraded) != 1 || got.Degraded[0].Stage != "rerank" {
		t.Errorf("with the reranker down: %+v", got)
	}
}

func TestSearchReturnsWholeDocumentsThatFit(t *testing.T) {
	folder := t.TempDir()
	long := "# One\n\n" + strings.Repeat("Words about travel fill this page. ", 60) + "\n\n# Two\n\n" + strings.Repeat("More on meals is said here. ", 60)
	writeDocument(t, filepath.Join(folder, "a.md"), long)
	flags := []string{"--data-dir", t.TempDir()}
	command(t, nil, append(flags, "ingest", folder, "--name", "f")...)
	whole := search(t, nil, flags, "--mode", "full", "anything")
	if len(whole.Hits) != 1 || !strings.HasPrefix(whole.Hits[0].Text, "# One") || !strings.Contains(whole.Hits[0].Text, "# Two") || len(whole.Notes) != 0 {
		t.Errorf("got %+v", whole)
	}
	part := search(t, []string{"RAGWAY_RETRIEVAL_TOKEN_BUDGET=100"}, flags, "--mode", "full", "travel")
	if len(part.Notes) != 1 || len(part.Hits) != 1 || strings.Contains(part.Hits[0].Text, "meals") {
		t.Errorf("over the budget: %+v", part)
	}
}

func writeDocument(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
