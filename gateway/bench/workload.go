package main

import (
	"bytes"
	"fmt"
	"strings"
)

// workload is one kind of request.
type workload struct {
	name   string
	size   int // bytes of the body, about
	rag    bool
	stream bool
}

var workloads = []workload{
	{name: "4k", size: 4 << 10},
	{name: "4k-rag", size: 4 << 10, rag: true},
	{name: "100k", size: 100 << 10},
	{name: "100k-rag", size: 100 << 10, rag: true},
	{name: "stream", size: 4 << 10, stream: true},
}

// workloadsOf finds cases by their names, given as a,b,c.
func workloadsOf(names string) ([]workload, error) {
	var found []workload
next:
	for name := range strings.SplitSeq(names, ",") {
		for _, w := range workloads {
			if w.name == name {
				found = append(found, w)
				continue next
			}
		}
		return nil, fmt.Errorf("no case %q", name)
	}
	return found, nil
}

// questions are about what the corpus is about, so that each request retrieves.
var questions = []string{
	"Do statins lower the risk of dementia in older patients?", "How does vitamin D affect bone density?",
	"What role do microRNAs play in tumour growth?", "Is obesity linked to type 2 diabetes?",
	"Which genes are involved in breast cancer resistance?", "How do T cells respond to chronic infection?",
	"Does exercise improve insulin sensitivity?", "What causes antibiotic resistance in hospitals?",
}

// body is a conversation of the size wanted, with question i at its end.
func (w workload) body(i int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"model":"bench",`)
	if w.stream {
		b.WriteString(streamMember + ",")
	}
	b.WriteString(`"temperature":0.2,"messages":[{"role":"system","content":"Be brief."}`)
	turn := strings.Repeat(`The report was filed and \"read\" by the committee.\n`, 10)
	for k := 0; b.Len() < w.size-len(turn); k++ {
		fmt.Fprintf(&b, `,{"role":"%s","content":"%s"}`, []string{"user", "assistant"}[k%2], turn)
	}
	fmt.Fprintf(&b, `,{"role":"user","content":"%s (case %d)"}]}`, questions[i%len(questions)], i)
	return b.Bytes()
}
