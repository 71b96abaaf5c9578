package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"ragway/retriever"
	"ragway/retriever/eval"
)

type evalCmd struct {
	Questions string `arg:"" placeholder:"DIR|QUESTIONS.jsonl" help:"A folder in BEIR's layout, or a file of {question, uri|text|record_id}."`
	RunFile   string `name:"run" placeholder:"FILE" help:"Write the rankings as a TREC run."`
	asking
}

// evalDepth is how many documents are ranked for each question, as BEIR does.
const evalDepth = 100

func (c *evalCmd) Run(ctx context.Context, a *app) error {
	questions, err := readQuestions(c.Questions)
	if err != nil {
		return err
	}
	eng, q, err := c.engine(ctx, a)
	if err != nil {
		return err
	}
	q.Raw = true
	rank := func(ctx context.Context, question string) ([]eval.Result, time.Duration, error) {
		q.Text = question
		return rankDocuments(ctx, eng, q)
	}
	summary, err := c.measure(ctx, questions, rank)
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(a.out, summary)
	}
	fmt.Fprintf(a.out, "%s  nDCG@10 %.4f  recall@100 %.4f  MRR@10 %.4f  hit@1 %.4f  hit@10 %.4f  p50 %.1f ms  p99 %.1f ms\n",
		plural(summary.Queries, "question"), summary.NDCG10, summary.Recall100, summary.MRR10, summary.Hit1, summary.Hit10,
		summary.Latency.P50, summary.Latency.P99)
	return nil
}

func readQuestions(path string) ([]eval.Question, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, usagef("read questions: %w", err)
	}
	var questions []eval.Question
	if info.IsDir() {
		questions, err = eval.ReadBEIR(path)
	} else {
		questions, err = readQuestionsFile(path)
	}
	if err == nil && len(questions) == 0 {
		err = errors.New("there are none")
	}
	if err != nil {
		return nil, fmt.Errorf("read questions of %s: %w", path, err)
	}
	return questions, nil
}

func readQuestionsFile(path string) ([]eval.Question, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return eval.ReadQuestions(f)
}

func (c *evalCmd) measure(ctx context.Context, questions []eval.Question, rank func(context.Context, string) ([]eval.Result, time.Duration, error)) (s eval.Summary, err error) {
	var run eval.Run
	write := func(string, []eval.Result) error { return nil }
	if c.RunFile != "" {
		f, err := os.Create(c.RunFile)
		if err != nil {
			return s, fmt.Errorf("write run: %w", err)
		}
		w := bufio.NewWriter(f)
		write = func(id string, results []eval.Result) error { return eval.WriteRun(w, id, results, "ragway") }
		defer func() {
			for _, end := range []func() error{w.Flush, f.Close} {
				if e := end(); err == nil && e != nil {
					err = fmt.Errorf("write run: %w", e)
				}
			}
		}()
	}
	for _, q := range questions {
		results, took, err := rank(ctx, q.Text)
		if err != nil {
			return s, fmt.Errorf("question %s: %w", q.ID, err)
		}
		run.Add(q, results, took)
		if err := write(q.ID, results); err != nil {
			return s, fmt.Errorf("write run: %w", err)
		}
	}
	return run.Summary(), nil
}

// rankDocuments ranks documents by their best chunk, deepening the search until there are
// evalDepth of them or no more. The time is that of the first search, the one a user
// would wait for.
func rankDocuments(ctx context.Context, eng *retriever.Engine, q retriever.Query) ([]eval.Result, time.Duration, error) {
	var took time.Duration
	for depth := evalDepth; ; depth *= 2 {
		q.K, q.Depth = 2*depth, depth // the union of two lists
		r, err := eng.Retrieve(ctx, q)
		if err != nil {
			return nil, 0, err
		}
		if len(r.Degraded) > 0 {
			return nil, 0, fmt.Errorf("retrieval is degraded: %s", degradedLine(r.Degraded[0]))
		}
		if took == 0 {
			took = r.Took
		}
		results := bestChunks(r.Hits)
		if len(results) >= evalDepth || len(r.Hits) < depth {
			return results[:min(len(results), evalDepth)], took, nil
		}
	}
}

func bestChunks(hits []retriever.Hit) []eval.Result {
	var out []eval.Result
	seen := map[string]bool{}
	for _, h := range hits {
		if seen[h.Document.ID] {
			continue
		}
		seen[h.Document.ID] = true
		out = append(out, eval.Result{RecordID: h.Document.RecordID, URI: h.Document.URI, Text: h.Chunk.Text, Score: h.Score})
	}
	return out
}
