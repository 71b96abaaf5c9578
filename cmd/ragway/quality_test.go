package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestScifactReachesPublishedQuality goes the way of docs/quality.md, from files to
// figures, on SciFact: 300 questions over 5,183 abstracts. The bounds are what is promised;
// for comparison, Lucene's BM25 is published with .679, OpenAI's file_search with .717,
// SPLADE-v3 with .714.
func TestScifactReachesPublishedQuality(t *testing.T) {
	data := testData(t, "scifact")
	model := storedEmbeddings(t)
	builtin := []string{"--data-dir", t.TempDir()}
	real := []string{"--data-dir", t.TempDir()}
	environ := []string{"RAGWAY_EMBEDDER_KIND=openai", "RAGWAY_EMBEDDER_MODEL=all-MiniLM-L6-v2", "RAGWAY_EMBEDDER_BASE_URL=" + model}
	command(t, nil, append(builtin, "ingest", filepath.Join(data, "corpus.jsonl"), "--collection", "scifact")...)
	command(t, environ, append(real, "collections", "create", "scifact", "--chunk-tokens", "8000")...) // vectors are of whole abstracts
	command(t, environ, append(real, "ingest", filepath.Join(data, "corpus.jsonl"), "--collection", "scifact")...)
	for _, tc := range []struct {
		name    string
		flags   []string
		environ []string
		mode    string
		least   float64
	}{
		{"words", builtin, nil, "lexical", .700},
		{"words and built-in vectors", builtin, nil, "hybrid", .698},
		{"MiniLM's vectors alone", real, environ, "dense", .644},
		{"words and MiniLM's vectors", real, environ, "hybrid", .730},
	} {
		out := command(t, tc.environ, append(tc.flags, "--json", "eval", data, "--collection", "scifact", "--mode", tc.mode)...)
		var got struct {
			NDCG   float64 `json:"ndcg@10"`
			Recall float64 `json:"recall@100"`
		}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: nDCG@10 %.4f, recall@100 %.4f", tc.name, got.NDCG, got.Recall)
		if got.NDCG < tc.least {
			t.Errorf("%s: nDCG@10 %.4f, want at least %.3f", tc.name, got.NDCG, tc.least)
		}
	}
}

// testData is the folder of a data set, which RAGWAY_TEST_DATA or ../shared/data holds.
func testData(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("RAGWAY_TEST_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir, err := filepath.Abs(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no test data at %s (RAGWAY_TEST_DATA names its folder)", dir)
	}
	return dir
}

// command runs ragway and returns what it prints.
func command(t *testing.T, environ []string, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), args, stdio{strings.NewReader(""), &out, &errs}, environ); code != exitDone {
		t.Fatalf("ragway %s: exit code %d\n%s%s", strings.Join(args, " "), code, out.String(), errs.String())
	}
	return out.Bytes()
}

// storedEmbeddings serves all-MiniLM-L6-v2's stored vectors of SciFact's abstracts and
// questions at an address up to /v1, and a constant one of any other text.
func storedEmbeddings(t *testing.T) string {
	dir, texts := testData(t, "scifact-minilm"), testData(t, "scifact")
	vectors := map[string][]float32{}
	for name, file := range map[string]string{"docs": "corpus.jsonl", "queries": "queries.jsonl"} {
		byID := readTexts(t, filepath.Join(texts, file))
		values := readHalves(t, filepath.Join(dir, name+".f16"))
		for i, id := range strings.Fields(readText(t, filepath.Join(dir, name+".ids.txt"))) {
			vectors[letters(byID[id])] = values[i*384 : (i+1)*384]
		}
	}
	other := make([]float32, 384)
	other[0] = 1
	return embeddingServer(t, func(_, text string) []float32 {
		if v, ok := vectors[letters(text)]; ok {
			return v
		}
		return other
	})
}

// letters is s without white space: where a title ends and a text begins does not matter.
func letters(s string) string { return strings.Join(strings.Fields(s), "") }

func readTexts(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]string{}
	for dec := json.NewDecoder(f); ; {
		var record struct {
			ID          string `json:"_id"`
			Title, Text string
		}
		if err := dec.Decode(&record); err == io.EOF {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out[record.ID] = record.Title + " " + record.Text
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// readHalves reads little-endian half floats, none of which is infinite or NaN.
func readHalves(t *testing.T, path string) []float32 {
	data := readText(t, path)
	out := make([]float32, len(data)/2)
	for i := range out {
		h := uint16(data[2*i]) | uint16(data[2*i+1])<<8
		exponent, fraction := int(h>>10&31), float64(h&1023)
		v := math.Ldexp(fraction, -24)
		if exponent > 0 {
			v = math.Ldexp(1024+fraction, exponent-25)
		}
		if h&0x8000 != 0 {
			v = -v
		}
		out[i] = float32(v)
	}
	return out
}
