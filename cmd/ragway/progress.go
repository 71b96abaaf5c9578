package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"ragway/ingest"
)

// progress shows what an ingest does: one JSON object a line with --json, a bar for each
// stage on a terminal, and plain lines every few seconds elsewhere. It is safe for
// concurrent use.
type progress struct {
	a      *app
	dryRun bool
	lines  io.Writer // where notes and failures go: above the bars, if there are any

	mu      sync.Mutex
	bars    *mpb.Progress
	stages  []*mpb.Bar // read, embed, store; or the one of a move
	begun   time.Time  // of the source at hand
	printed time.Time
	report  ingestReport
}

// plainEvery is how often a run that is not on a terminal says where it is.
const plainEvery = 5 * time.Second

func newProgress(a *app, dryRun bool) *progress {
	p := &progress{a: a, dryRun: dryRun, lines: a.err, printed: time.Now()}
	if f, ok := a.err.(*os.File); ok && !a.JSON && !a.Quiet && !dryRun && term.IsTerminal(int(f.Fd())) {
		// Not as wide as the terminal: ^C is echoed into the line and must not wrap it.
		p.bars = mpb.New(mpb.WithOutput(f), mpb.WithRefreshRate(100*time.Millisecond), mpb.WithWidth(40))
		p.lines = p.bars
		a.logTo.to(p.bars)
	}
	return p
}

// event is an ingest engine's callback.
func (p *progress) event(ev ingest.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.a.JSON {
		if _, sum := ev.(ingest.Summary); !sum { // one for all sources comes at the end
			_ = printJSON(p.a.out, ev) // a disk that is full shows at the summary
		}
		return
	}
	switch e := ev.(type) {
	case ingest.PlanEvent:
		p.plan(e)
	case ingest.MovePlan:
		p.movePlan(e)
	case ingest.Note:
		p.say("%s\n", plain(e.Message))
	case ingest.DocumentEvent:
		p.document(e)
	case ingest.ProgressEvent:
		p.progress(e)
	}
}

func (p *progress) plan(e ingest.PlanEvent) {
	if e.Create && p.dryRun {
		p.say("collection %s is new\n", e.Collection)
	}
	p.say("%s: %s\n", e.Source, countsLine(e.Counts))
	p.dropBars()
	p.begun = time.Now()
	if n := e.Added + e.Changed; n > 0 {
		p.addBar(e.Source+" read ", n)
		p.addBar(e.Source+" embed", n)
	}
	if n := e.Added + e.Changed + e.Deleted; n > 0 {
		p.addBar(e.Source+" store", n)
	}
}

func (p *progress) addBar(name string, total int) {
	if p.bars == nil || total == 0 {
		return
	}
	p.stages = append(p.stages, p.bars.AddBar(int64(total),
		mpb.PrependDecorators(decor.Name(name), decor.CountersNoUnit(" %d / %d")),
		mpb.AppendDecorators(decor.Percentage(), decor.AverageSpeed(0, " %.0f/s "), decor.AverageETA(decor.ET_STYLE_GO))))
}

func (p *progress) dropBars() {
	for _, b := range p.stages {
		b.Abort(false)
	}
	p.stages = nil
}

func (p *progress) movePlan(e ingest.MovePlan) {
	p.say("%s\n", movePlanLine(e))
	p.begun = time.Now()
	p.addBar(e.Collection, e.Write+e.Delete)
}

func (p *progress) document(e ingest.DocumentEvent) {
	p.report.add(e)
	switch {
	case e.Action == ingest.Fail:
		fmt.Fprintf(p.lines, "failed %s: %s: %s\n", plain(e.URI), e.Reason, plain(e.Error))
	case p.dryRun:
		fmt.Fprintf(p.a.out, "%-9s %s%s%s\n", e.Action, plain(e.URI), because(e.Reason), was(e.RenamedFrom))
	}
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + plain(reason) + ")"
}

func was(uri string) string {
	if uri == "" {
		return ""
	}
	return " (was " + plain(uri) + ")"
}

func (p *progress) progress(e ingest.ProgressEvent) {
	if len(p.stages) > 0 {
		at := []int{e.Read, e.Embedded, e.Done}
		for i, b := range p.stages {
			b.SetCurrent(int64(at[len(at)-len(p.stages)+i]))
		}
		return
	}
	if e.Total > 0 && time.Since(p.printed) >= plainEvery {
		p.printed = time.Now()
		p.say("%s\n", progressLine(e, time.Since(p.begun)))
	}
}

// progressLine says how far a run is, how fast, and how long the rest may take.
func progressLine(e ingest.ProgressEvent, took time.Duration) string {
	line := fmt.Sprintf("%d of %s, %s", e.Done, plural(e.Total, "document"), plural(e.Chunks, "chunk"))
	seconds := took.Seconds()
	if e.Done == 0 || seconds < 1 {
		return line
	}
	left := time.Duration(seconds / float64(e.Done) * float64(e.Total-e.Done) * float64(time.Second)).Round(time.Second)
	if e.Bytes > 0 {
		line += fmt.Sprintf(", %s/s", size(int64(float64(e.Bytes)/seconds)))
	}
	return fmt.Sprintf("%s, %.0f documents/s, about %v left", line, float64(e.Done)/seconds, left)
}

func (p *progress) say(format string, args ...any) {
	if !p.a.Quiet {
		fmt.Fprintf(p.lines, format, args...)
	}
}

// close takes the bars down.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropBars()
	if p.bars != nil {
		p.a.logTo.to(p.a.err)
		p.bars.Wait()
		p.bars, p.lines = nil, p.a.err
	}
}

// summary ends the run's report.
func (p *progress) summary(s ingest.Summary) {
	p.close()
	switch {
	case p.a.JSON:
		_ = printJSON(p.a.out, s) // nobody reads any more: the exit code still tells
	case p.dryRun:
		fmt.Fprintf(p.a.out, "would be: %s\n", countsLine(s.Counts))
	case !p.a.Quiet:
		fmt.Fprintf(p.a.out, "%s; %s, %s in %.1f s\n", countsLine(s.Counts), plural(s.Chunks, "chunk"), size(s.Bytes), s.Seconds)
		p.report.print(p.a.err, s.Counts)
	}
}

func countsLine(c ingest.Counts) string {
	renamed := ""
	if c.Renamed > 0 {
		renamed = fmt.Sprintf(" (%d renamed)", c.Renamed)
	}
	return fmt.Sprintf("%d added%s, %d changed, %d deleted, %d unchanged, %d skipped, %d failed",
		c.Added, renamed, c.Changed, c.Deleted, c.Unchanged, c.Skipped, c.Failed)
}
