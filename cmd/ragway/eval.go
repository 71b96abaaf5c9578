package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"ragway/gateway"
	"ragway/retriever"
	"ragway/retriever/eval"
)

type evalCmd struct {
	Questions string `arg:"" placeholder:"DIR|QUESTIONS.jsonl" help:"A folder in BEIR's layout, or a file of {question, uri|text|record_id}."`
	RunFile   string `name:"run" placeholder:"FILE" help:"Write the rankings as a TREC run."`
	PerQuery  string `placeholder:"FILE" help:"Write the figures of each question as a table, with tabs."`
	Compare   string `placeholder:"hybrid|dense|lexical" help:"Ask in this mode as well, and compare question by question."`
	By        string `placeholder:"MEASURE" default:"ndcg@10" help:"Measure of the comparison: ndcg@10 (linear gain), ndcg_exp@10 (exponential gain), recall@100, map, mrr@10, p@10, hit@1 or hit@10."`
	asking
}

// ranker answers a question with documents, and says how long that took.
type ranker func(ctx context.Context, question string) ([]eval.Result, time.Duration, error)

// evalReport is what eval --json prints.
type evalReport struct {
	eval.Summary
	Comparison *evalComparison `json:"comparison,omitempty"`
}

// evalComparison names the modes that Comparison calls A and B.
type evalComparison struct {
	ModeA string `json:"mode_a"`
	ModeB string `json:"mode_b"`
	eval.Comparison
}

// evalDepth is how many documents are ranked for each question, as BEIR does.
const evalDepth = 100

// deepest is the depth at which the search for them ends; a server gives twice as many
// passages.
const deepest = 1000

func (c *evalCmd) Run(ctx context.Context, a *app) error {
	by, err := c.checkComparison()
	if err != nil {
		return err
	}
	questions, err := readQuestions(c.Questions)
	if err != nil {
		return err
	}
	if retriever.Mode(c.Mode) == retriever.Full || retriever.Mode(c.Compare) == retriever.Full {
		return usagef("whole documents have no ranking to measure: want hybrid, dense or lexical")
	}
	search, q, err := c.searcher(ctx, a)
	if err != nil {
		return err
	}
	q.Raw = true
	if q.Mode == "" {
		q.Mode = retriever.Hybrid // so that the report can name it
	}
	if c.Compare == string(q.Mode) {
		return usagef("--compare %s: that is the mode evaluated; --mode says another", c.Compare)
	}
	in := func(mode retriever.Mode) ranker {
		q := q
		q.Mode = mode
		return func(ctx context.Context, question string) ([]eval.Result, time.Duration, error) {
			q.Text = question
			return rankDocuments(ctx, search, q)
		}
	}
	run, err := c.measure(ctx, questions, in(q.Mode))
	if err != nil {
		return err
	}
	if c.PerQuery != "" {
		if err := writeFile(c.PerQuery, run.Scores().WriteTSV); err != nil {
			return err
		}
	}
	report := evalReport{Summary: run.Summary()}
	if c.Compare != "" {
		other, err := measure(ctx, questions, in(retriever.Mode(c.Compare)), nil)
		if err != nil {
			return err
		}
		compared, err := eval.Compare(other.Scores(), run.Scores(), by, eval.Resampling{})
		if err != nil {
			return err
		}
		report.Comparison = &evalComparison{ModeA: c.Compare, ModeB: string(q.Mode), Comparison: compared}
	}
	if a.JSON {
		return printJSON(a.out, report)
	}
	report.print(a)
	return nil
}

// checkComparison returns the measure to compare by.
func (c *evalCmd) checkComparison() (eval.Measure, error) {
	if _, err := retriever.ParseMode(c.Compare); err != nil {
		return eval.Measure{}, usagef("--compare: %w%s", err, suggestion(c.Compare, "hybrid", "dense", "lexical"))
	}
	by, err := eval.ParseMeasure(c.By)
	if err == nil && !slices.Contains(eval.Reported(), by) {
		err = fmt.Errorf("%s is not among those measured: %v", by, eval.Reported())
	}
	if err != nil {
		return by, usagef("--by: %w", err)
	}
	return by, nil
}

func (r evalReport) print(a *app) {
	s := r.Summary
	fmt.Fprintf(a.out, "%s  nDCG@10 %.4f (linear gain), %.4f (exponential)  recall@100 %.4f  MAP %.4f  MRR@10 %.4f  P@10 %.4f  hit@1 %.4f  hit@10 %.4f  p50 %.1f ms  p99 %.1f ms\n",
		plural(s.Queries, "question"), s.NDCG10, s.NDCGExp10, s.Recall100, s.MAP, s.MRR10, s.P10, s.Hit1, s.Hit10,
		s.Latency.P50, s.Latency.P99)
	if c := r.Comparison; c != nil {
		fmt.Fprintf(a.out, "%s  %s %.4f  %s %.4f  difference %+.4f, %v %% interval %+.4f to %+.4f, p %.4f  better %d  equal %d  worse %d\n",
			c.Measure, c.ModeA, c.A, c.ModeB, c.B, c.Diff, 100*c.Level, c.Low, c.High, c.P, c.Wins, c.Ties, c.Losses)
	}
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

// measure asks the questions and writes the run where that is asked for.
func (c *evalCmd) measure(ctx context.Context, questions []eval.Question, rank ranker) (run *eval.Run, err error) {
	if c.RunFile == "" {
		return measure(ctx, questions, rank, nil)
	}
	err = writeFile(c.RunFile, func(w io.Writer) error {
		run, err = measure(ctx, questions, rank, w)
		return err
	})
	return run, err
}

// measure asks the questions; w receives a TREC run unless it is nil.
func measure(ctx context.Context, questions []eval.Question, rank ranker, w io.Writer) (*eval.Run, error) {
	run := new(eval.Run)
	for _, q := range questions {
		results, took, err := rank(ctx, q.Text)
		if err != nil {
			return nil, fmt.Errorf("question %s: %w", q.ID, err)
		}
		run.Add(q, results, took)
		if w == nil {
			continue
		}
		if err := eval.WriteRun(w, q.ID, results, "ragway"); err != nil {
			return nil, fmt.Errorf("write run: %w", err)
		}
	}
	return run, nil
}

// writeFile creates the file and has write fill it.
func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	w := bufio.NewWriter(f)
	return errors.Join(write(w), w.Flush(), f.Close())
}

// rankDocuments ranks documents by their best chunk, deepening the search until there are
// evalDepth of them or no more. The time is that of the first search, the one a user
// would wait for.
func rankDocuments(ctx context.Context, search searcher, q retriever.Query) ([]eval.Result, time.Duration, error) {
	var took time.Duration
	for depth := evalDepth; ; depth *= 2 {
		q.K, q.Depth = 2*depth, depth // the union of two lists
		r, err := search(ctx, q)
		if err != nil {
			return nil, 0, err
		}
		if len(r.Degraded) > 0 {
			return nil, 0, fmt.Errorf("retrieval is degraded: %s", degradedLine(r.Degraded[0]))
		}
		if took == 0 {
			took = time.Duration(r.TookMS * float64(time.Millisecond))
		}
		results := bestChunks(r.Hits)
		if len(results) >= evalDepth || len(r.Hits) < depth || 2*depth > deepest {
			return results[:min(len(results), evalDepth)], took, nil
		}
	}
}

func bestChunks(hits []gateway.SearchHit) []eval.Result {
	var out []eval.Result
	seen := map[string]bool{}
	for _, h := range hits {
		if seen[h.DocumentID] {
			continue
		}
		seen[h.DocumentID] = true
		out = append(out, eval.Result{RecordID: h.RecordID, URI: h.URI, Text: h.Text, Score: h.Score})
	}
	return out
}
