package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// chatOf is a conversation of about size bytes.
func chatOf(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"model":"gpt-4o-mini","temperature":0.2,"stream":true,"messages":[{"role":"system","content":"Be brief."}`)
	turn := strings.Repeat(`The island lies in Denmark, \"south\" of Funen.\n`, 8)
	for i := 0; b.Len() < size-len(turn); i++ {
		fmt.Fprintf(&b, `,{"role":"%s","content":"%s"}`, []string{"user", "assistant"}[i%2], turn)
	}
	b.WriteString(`,{"role":"user","content":"Where is it?"}],"rag":{"top_k":6}}`)
	return []byte(b.String())
}

var (
	benchInstructions = strings.Repeat("Cite every claim. ", 60)
	benchContext      = strings.Repeat("The island lies in Denmark, \"south\" of Funen.\n", 120)
)

// BenchmarkInject compares splice + inject with decoding the body into maps, changing
// those and encoding them again.
func BenchmarkInject(b *testing.B) {
	for _, size := range []int{4 << 10, 100 << 10} {
		body := chatOf(size)
		b.Run(fmt.Sprintf("splice/%dKB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				c, err := Chat.ParseRequest(body)
				if err != nil {
					b.Fatal(err)
				}
				e, _ := c.InsertContext(benchContext)
				if _, err := Apply(body, append(c.CutControl(), c.InsertInstructions(benchInstructions), e)...); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("encoding-json/%dKB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := roundTrip(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func roundTrip(body []byte) ([]byte, error) {
	var chat map[string]any
	if err := json.Unmarshal(body, &chat); err != nil {
		return nil, err
	}
	delete(chat, "rag")
	messages := chat["messages"].([]any)
	first, last := messages[0].(map[string]any), messages[len(messages)-1].(map[string]any)
	first["content"] = benchInstructions + "\n\n" + first["content"].(string)
	last["content"] = benchContext + "\n\n" + last["content"].(string)
	return json.Marshal(chat)
}

// BenchmarkStream reads a stream and looks into each chunk.
func BenchmarkStream(b *testing.B) {
	var stream []byte
	for range 200 {
		stream = appendChatChunk(stream, chatHead{ID: "chatcmpl-1", Model: "gpt-4o-mini", Created: 1}, []chatDelta{{Text: " island"}}, nil, nil)
	}
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		s := Chat.NewStream(&Request{N: 1})
		events := s.Events(strings.NewReader(string(stream)))
		for range 200 {
			e, err := events.Next()
			if err != nil || s.Read(e) == nil {
				b.Fatal(err)
			}
		}
	}
}

func FuzzParseChat(f *testing.F) {
	f.Add([]byte(`{"messages":[{"role":"user","content":"a\ud83d"}],"rag":{"a":1}}`))
	f.Add([]byte(`{"rag":0,"messages":[{"role":"system","content":[{"type":"text","text":"x"}]},{"content":null,"role":"user"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := Chat.ParseRequest(body)
		if err != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatalf("%q is accepted", body)
		}
		e, _ := c.InsertContext("c\"\n")
		out, err := Apply(body, append(c.CutControl(), c.InsertInstructions("i"), e)...)
		if err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		again, err := Chat.ParseRequest(out)
		if err != nil || again.Control != nil || len(again.Messages) < len(c.Messages) {
			t.Fatalf("%q became %q: %v", body, out, err)
		}
	})
}
