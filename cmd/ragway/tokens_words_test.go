package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tiktoken-go/tokenizer"
	"pgregory.net/rapid"
)

// encodings are those that byWords counts by.
var encodings = map[string]tokenizer.Encoding{"o200k_base": tokenizer.O200kBase, "cl100k_base": tokenizer.Cl100kBase}

func exact(t testing.TB, name string) func(string) int {
	codec, err := tokenizer.Get(encodings[name])
	if err != nil {
		t.Fatal(err)
	}
	return func(s string) int {
		n, err := codec.Count(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

func TestWordsAddUpToTheText(t *testing.T) {
	alphabet := []rune("abcXYZé 字1234567890 .,;:!?'’\n\r\t \u00a0\u3000\u2028-_/\\()[]{}#*\"🙂e\u0301")
	for name := range encodings {
		t.Run(name, func(t *testing.T) {
			whole := exact(t, name)
			rapid.Check(t, func(rt *rapid.T) {
				s := rapid.StringOfN(rapid.SampledFrom(alphabet), 0, 200, -1).Draw(rt, "text")
				if got, want := tokenizers[name](s), whole(s); got != want {
					rt.Errorf("%q: %d tokens, want %d", s, got, want)
				}
			})
		})
	}
}

func TestWordsOfRealTextsAddUp(t *testing.T) {
	if raceEnabled {
		t.Skip("one text after the other has no races; make test runs this")
	}
	files, err := filepath.Glob(filepath.Join(testData(t, "formats"), "txt", "*"))
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(filepath.Join(testData(t, "spans"), "corpora", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range encodings {
		whole := exact(t, name)
		for _, path := range append(files, more...) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s := strings.ToValidUTF8(string(data[:min(len(data), 50_000)]), "\ufffd")
			if got, want := tokenizers[name](s), whole(s); got != want {
				t.Errorf("%s, %s: %d tokens, want %d", name, filepath.Base(path), got, want)
			}
		}
	}
}

func BenchmarkCountTokens(b *testing.B) {
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "gateway.md"))
	if err != nil {
		b.Fatal(err)
	}
	text := string(data)
	for name, count := range map[string]func(string) int{"whole": exact(b, "o200k_base"), "by words": tokenizers["o200k_base"]} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				count(text)
			}
		})
	}
}
