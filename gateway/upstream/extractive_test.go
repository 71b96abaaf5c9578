package upstream

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/gateway"
	"ragway/gateway/wire"
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
	drops := "Selection::### Selection\n\nSelection goes through the order and drops\n\n- passages below the least relevance,\n- passages that repeat another."
	debt := "Debt::debt consisted of the following at the end of the year:\n\n($ in millions) | 2017 | 2016\nsenior notes due 2021 | 0 | 600\nterm loan | 84 | 21"
	small := "Pumps::the water pump was ordered in spring from a maker abroad. it cost 40 dollars and arrived broken. nobody ever repaired the thing."
	chinese := "战国无双3::《战国无双3》是由光荣和ω-force开发的战国无双系列的正统第三续作。本作中共有20张战场地图。后来发行的猛将传再新增3张战场地图。"
	arabic := "جمال خاشقجي::ولد جمال خاشقجي في المدينة المنورة. كان مديرا لقناة العرب الإخبارية."
	steps := "Backup::A backup takes three steps:\n\n1. Stop the ingest.\n2. Copy the [data folder](https://x.y/z).\n3. Start the **ingest** again.\n\nIt is safe while serving."
	python := "Python::Calling __init__ with `argv[1]` sets **every** field, as noted[12]. It returns 7[3] values."
	for _, tc := range []struct {
		name, question string
		passages       []gateway.Source
		want           string
	}{
		{"a definition", "What is a chunk?", manual(serve, chunks),
			"A chunk is a passage of a document that is retrieved as a whole. [2]"},
		{"a fact with a number", "Which address does the gateway listen on by default?", manual(chunks, serve),
			"`ragway serve` starts the gateway. [2] It listens on 127.0.0.1:8080 by default; `--listen` changes the address. [2]"},
		{"a footnote mark is no citation", "How many tokens do chunks have?", manual(chunks),
			"Chunks have at most 400 tokens. [1]"},
		{"signs that are code stay", "What does __init__ do with argv?", manual(python), "Calling __init__ with `argv[1]` sets every field, as noted. [1]"},
		{"half a code span", "Which span is half?", manual("Cut::Half of a `span is cut here. The rest of it` stands there."), "Half of a span is cut here. [1]"},
		{"an answer under its question", "How long is the break at noon?", manual("FAQ::How long is the break at noon?\n\nForty minutes. It is paid."), "Forty minutes. [1]"},
		{"an answer under its heading", "How long is the night shift?", manual("Shifts::## Day shift\n\nEight hours.\n\n## Night shift\n\nSix hours, with a meal."), "Six hours, with a meal. [1]"},
		{"code with a fence in it", "How do I write a fence?", manual("Fences::To write a fence, nest it:\n\n~~~\n```\nx\n```\n~~~"), "To write a fence, nest it: [1]\n\n````\n```\nx\n```\n````"},
		{"a table row with its header", "What does --prune do?", manual(serve, flags), "Flag: `--prune`; Default: off; Meaning: delete documents whose file vanished [2]"},
		{"a command with its sentence", "How do I install ragway?", manual(install, serve),
			"To install ragway, run this command: [1]\n\n```\ngo install ragway/cmd/ragway@latest\n```"},
		{"a list with its introduction", "What steps does a backup take?", manual(steps),
			"A backup takes three steps: [1]\n\n- Stop the ingest.\n- Copy the data folder.\n- Start the ingest again."},
		{"a list's item with its introduction", "What is dropped for its relevance?", manual(drops), "Selection goes through the order and drops [1]\n\n- passages below the least relevance,"},
		{"a row of a table without a rule", "How large is the term loan in millions?", manual(debt), "($ in millions): term loan; 2017: 84; 2016: 21 [1]"},
		{"a sentence of a text in small letters", "Where was the water pump ordered?", manual(small), "the water pump was ordered in spring from a maker abroad. [1]"},
		{"Chinese", "《战国无双3》是由哪两个公司合作开发的？", manual(chinese), "《战国无双3》是由光荣和ω-force开发的战国无双系列的正统第三续作。 [1]"},
		{"Arabic", "أين ولد جمال خاشقجي؟", manual(arabic), "ولد جمال خاشقجي في المدينة المنورة. [1]"},
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
	for _, tc := range []struct{ question, passage, want string }{
		{"What is a pump?", "P::A pump is a machine that moves water.", `{"answer":"A pump is a machine that moves water.","sources":[1]}`},
		{"Which steps does priming take?", "P::Priming takes two steps:\n\n- Fill it.\n- Close it.", `{"answer":"Priming takes two steps:\n- Fill it.\n- Close it.","sources":[1]}`},
	} {
		if got := NewExtractive(ExtractiveOptions{}).answer(tc.question, manual(tc.passage), true); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}

// FuzzAnswer holds that any passage is read to its end, that what introduces a unit is of
// its own passage, and that quotes have a source.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{"a | b\nc | d", "x | y\n\n- a\n- b", "Lead:\n\n```\ncode", "# h\n1. a\n  b", "| a |\n|---|\n| b |", "~~~\n|", "战国。无双", "-\n=\n*", "a. b. c? d"} {
		f.Add("what is a b c code 战国", s)
	}
	f.Fuzz(func(t *testing.T, asked, passage string) {
		for i, u := range splitUnits(passage) {
			if u.text == "" || u.intro < 0 || u.intro > i {
				t.Fatalf("unit %d: %+v", i, u)
			}
		}
		two := manual("T::"+passage, "U::"+passage)
		for _, q := range selectQuotes(newQuestion(asked, ""), two, mostQuotes) {
			if q.n < 1 || q.n > 2 || q.text == "" {
				t.Fatalf("%+v", q)
			}
		}
	})
}

func do(t *testing.T, body string) *gateway.Reply {
	t.Helper()
	req, err := wire.Chat.ParseRequest([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	call := gateway.Call{
		Method: http.MethodPost, Path: "/chat/completions", Body: []byte(body), Request: req, Question: "What is a pump?",
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

func TestLongPromptsAreCountedByASample(t *testing.T) {
	longest := 0
	e := NewExtractive(ExtractiveOptions{Count: func(s string) int {
		longest = max(longest, len(s))
		return strings.Count(s, "word ")
	}})
	for _, n := range []int{0, 10, 1000000} {
		if got := e.promptTokens([]byte(strings.Repeat("word ", n))); got < n*99/100 || got > n {
			t.Errorf("%d tokens counted for %d", got, n)
		}
	}
	if longest > counted {
		t.Errorf("%d bytes were counted", longest)
	}
}

// BenchmarkAnswer reads six passages of some 400 tokens each.
func BenchmarkAnswer(b *testing.B) {
	for _, bb := range []struct{ name, question, sentence string }{
		{"English", "When was the water pump in Basra repaired?", "The water pump that the city of Basra ordered in 1931 was repaired by three engineers, and the works were opened again in May. "},
		{"Chinese", "巴士拉的水泵是什么时候修好的？", "巴士拉市在1931年订购的水泵由三名工程师修好，水厂于五月重新开放。"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			passages := manual("A::"+strings.Repeat(bb.sentence, 1600/len(bb.sentence)), "B::"+strings.Repeat(bb.sentence, 1600/len(bb.sentence)))
			passages = append(append(passages, passages...), passages...)
			e := NewExtractive(ExtractiveOptions{})
			b.ReportAllocs()
			for b.Loop() {
				if e.answer(bb.question, passages, false) == notFound {
					b.Fatal("no answer")
				}
			}
		})
	}
}
