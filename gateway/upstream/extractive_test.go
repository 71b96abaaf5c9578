package upstream

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/gateway"
)

// manual is passages as retrieval would number them, best first.
func manual(texts ...string) []gateway.Source {
	var out []gateway.Source
	for i, text := range texts {
		title, body, _ := strings.Cut(text, "::")
		out = append(out, gateway.Source{N: i + 1, Title: title, Text: body, Relevance: .5})
	}
	return out
}

func TestAnswersQuoteWhatCoversTheQuestion(t *testing.T) {
	serve := "Serving::# Serving\n\n`ragway serve` starts the gateway. It listens on 127.0.0.1:8080 by default; `--listen` changes the address. Without keys it binds loopback only.\n\nHome | Docs | About\n\nWhat else can it do?"
	chunks := "Chunking::## How documents are cut\n\nA chunk is a passage of a document that is retrieved as a whole. Chunks have at most 400 tokens.[3] Tables repeat their header row in every chunk."
	flags := "Flags::| Flag | Default | Meaning |\n| --- | --- | --- |\n| `--prune` | off | delete documents whose file vanished |\n| `--workers` | 4 | files read at a time |"
	install := "Installing::To install ragway, run this command:\n\n```\ngo install ragway/cmd/ragway@latest\n```\n\nThe binary needs no other files."
	steps := "Backup::A backup takes three steps:\n\n1. Stop the ingest.\n2. Copy the [data folder](https://x.y/z).\n3. Start the **ingest** again.\n\nIt is safe while serving."
	for _, tc := range []struct {
		name, question string
		passages       []gateway.Source
		want           string
	}{
		{"a definition", "What is a chunk?", manual(serve, chunks),
			"A chunk is a passage of a document that is retrieved as a whole. [2] Chunks have at most 400 tokens. [2]"},
		{"a fact with a number", "Which address does the gateway listen on by default?", manual(chunks, serve),
			"`ragway serve` starts the gateway. [2] It listens on 127.0.0.1:8080 by default; `--listen` changes the address. [2]"},
		{"a footnote mark is no citation", "How many tokens do chunks have?", manual(chunks),
			"Chunks have at most 400 tokens. [1] Tables repeat their header row in every chunk. [1]"},
		{"a table row with its header", "What does --prune do?", manual(serve, flags), "Flag: `--prune`; Default: off; Meaning: delete documents whose file vanished [2]"},
		{"a command with its sentence", "How do I install ragway?", manual(install, serve),
			"To install ragway, run this command: [1]\n\n```\ngo install ragway/cmd/ragway@latest\n```"},
		{"a list with its introduction", "What steps does a backup take?", manual(steps),
			"A backup takes three steps: [1]\n\n- Stop the ingest.\n- Copy the data folder.\n- Start the ingest again."},
		{"nothing covers it", "Who won the football world cup in Brazil?", manual(serve, chunks), notFound},
		{"one shared word is not an answer", "How do I bake sourdough bread with ragway?", manual(serve, chunks, install), notFound},
		{"no passages", "What is a chunk?", nil, notFound},
		{"no question", "", nil, nothingAsked},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := NewExtractive(ExtractiveOptions{}).answer(tc.question, tc.passages, false)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestJSONIsAnsweredInJSON(t *testing.T) {
	got := NewExtractive(ExtractiveOptions{}).answer("What is a pump?", manual("P::A pump is a machine that moves water."), true)
	if want := `{"answer":"A pump is a machine that moves water.","sources":[1]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func do(t *testing.T, body string) *gateway.Reply {
	t.Helper()
	call := gateway.Call{
		Method: http.MethodPost, Path: "/chat/completions", Body: []byte(body), Question: "What is a pump?",
		Passages: manual("P::A pump is a machine that moves water from one place to another."),
	}
	reply, err := NewExtractive(ExtractiveOptions{}).Do(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func TestExtractiveStreamsLikeAModel(t *testing.T) {
	reply := do(t, `{"messages":[],"stream":true,"n":2,"stream_options":{"include_usage":true}}`)
	data, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	s := string(data)
	if reply.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" || !strings.HasSuffix(s, "data: [DONE]\n\n") {
		t.Errorf("%v %s", reply.Header, s)
	}
	for part, n := range map[string]int{`"finish_reason":"stop"`: 2, `"role":"assistant"`: 2, `"usage":{`: 1, `"model":"ragway-extractive"`: strings.Count(s, "data: {"), `A pump is `: 2} {
		if got := strings.Count(s, part); got != n {
			t.Errorf("%s occurs %d times, want %d, in %s", part, got, n, s)
		}
	}
	again, err := io.ReadAll(do(t, `{"messages":[],"stream":true,"n":2,"stream_options":{"include_usage":true}}`).Body)
	if err != nil || len(again) != len(data) {
		t.Errorf("another answer the second time: %v %s", err, again)
	}
}
