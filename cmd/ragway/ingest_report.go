package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"ragway/ingest"
)

// ingestReport gathers what a run could not do, to tell it by reason at the end.
type ingestReport struct {
	failed  map[ingest.Reason][]string // the first URIs of each
	counts  map[ingest.Reason]int
	skipped map[string]int // by why
}

// mostExamples is how many documents are named for each reason; `documents failed` has all.
const mostExamples = 3

func (r *ingestReport) add(e ingest.DocumentEvent) {
	switch e.Action {
	case ingest.Fail:
		if r.failed == nil {
			r.failed, r.counts = map[ingest.Reason][]string{}, map[ingest.Reason]int{}
		}
		reason := ingest.Reason(e.Reason)
		r.counts[reason]++
		if list := r.failed[reason]; len(list) < mostExamples {
			r.failed[reason] = append(list, e.URI)
		}
	case ingest.Skip:
		if r.skipped == nil {
			r.skipped = map[string]int{}
		}
		r.skipped[e.Reason]++
	}
}

func (r *ingestReport) print(out io.Writer, c ingest.Counts) {
	if c.Added+c.Changed+c.Deleted+c.Unchanged+c.Failed == 0 {
		fmt.Fprintf(out, "nothing to read was found%s\n", skippedLine(r.skipped))
	}
	reasons := slices.SortedFunc(maps.Keys(r.counts), func(a, b ingest.Reason) int {
		return cmp.Or(cmp.Compare(r.counts[b], r.counts[a]), cmp.Compare(a, b))
	})
	for _, reason := range reasons {
		more := ""
		if n := r.counts[reason] - len(r.failed[reason]); n > 0 {
			more = fmt.Sprintf(" and %d more", n)
		}
		fmt.Fprintf(out, "%d %s: %s%s\n  %s\n", r.counts[reason], reason, plain(strings.Join(r.failed[reason], ", ")), more, reason.Advice())
	}
}

func skippedLine(skipped map[string]int) string {
	if len(skipped) == 0 {
		return ""
	}
	var parts []string
	for _, why := range slices.Sorted(maps.Keys(skipped)) {
		parts = append(parts, fmt.Sprintf("%d %s", skipped[why], plain(why)))
	}
	return ", skipped: " + strings.Join(parts, ", ")
}
