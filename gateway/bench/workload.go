package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// workload is one kind of request.
type workload struct {
	name   string
	size   int // bytes of the body, about
	rate   int // requests a second that every target holds on one processor
	rag    bool
	stream bool

	questions []string
}

var workloads = []workload{
	{name: "4k", size: 4 << 10, rate: 400},
	{name: "4k-rag", size: 4 << 10, rate: 100, rag: true},
	{name: "100k", size: 100 << 10, rate: 100},
	{name: "100k-rag", size: 100 << 10, rate: 50, rag: true},
	{name: "stream", size: 4 << 10, rate: 50, stream: true},
}

// workloads finds the cases that are to be measured, by their names.
func (o options) workloads() ([]workload, error) {
	var found []workload
	for name := range strings.SplitSeq(o.cases, ",") {
		i := slices.IndexFunc(workloads, func(w workload) bool { return w.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no case %q", name)
		}
		w := workloads[i]
		w.rate = cmp.Or(o.rate, w.rate)
		w.questions = []string{"Does exercise improve insulin sensitivity?"}
		if w.rag {
			var err error
			if w.questions, err = readQuestions(filepath.Join(o.data, "scifact", "queries.jsonl")); err != nil {
				return nil, fmt.Errorf("read questions of -data: %w", err)
			}
		}
		found = append(found, w)
	}
	return found, nil
}

// readQuestions reads questions that the corpus answers, so that each request retrieves.
func readQuestions(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var questions []string
	for line := range bytes.Lines(data) {
		var q struct{ Text string }
		if err := json.Unmarshal(line, &q); err != nil {
			return nil, err
		}
		questions = append(questions, q.Text)
	}
	if len(questions) == 0 {
		return nil, errors.New("there are none")
	}
	return questions, nil
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
	question, _ := json.Marshal(fmt.Sprintf("%s (case %d)", w.questions[i%len(w.questions)], i)) // a string
	fmt.Fprintf(&b, `,{"role":"user","content":%s}]}`, question)
	return b.Bytes()
}
