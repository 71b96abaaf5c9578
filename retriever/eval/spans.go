package eval

import "slices"

// Span is a stretch of a document in runes, the end not included.
type Span struct{ Start, End int }

// Marked is where the answer to a question stands in a document.
type Marked struct {
	Document string
	Spans    []Span
}

// Passage is a stretch of a document that was retrieved.
type Passage struct {
	Document string
	Span
}

// Coverage says how much of the marked text was retrieved, and how much else, in runes
// (Smith, Troynikov: Evaluating Chunking Strategies for Retrieval, 2024, who count tokens).
type Coverage struct {
	Recall    float64 // of the marked runes, those retrieved
	Precision float64 // of the retrieved runes, those marked; what is retrieved twice counts twice
	IoU       float64 // marked and retrieved over marked or retrieved
}

// Cover measures the first limit runes of what was retrieved, the best first. A passage
// that goes beyond is cut there. Nothing retrieved has precision 0.
func Cover(want Marked, got []Passage, limit int) Coverage {
	wanted := union(want.Spans)
	var hits []Span
	retrieved := 0
	for _, p := range got {
		end := min(p.End, p.Start+limit-retrieved)
		if end <= p.Start {
			break
		}
		retrieved += end - p.Start
		if p.Document == want.Document {
			hits = append(hits, Span{p.Start, end})
		}
	}
	marked := length(wanted)
	found := length(intersection(wanted, union(hits)))
	c := Coverage{}
	if marked > 0 {
		c.Recall = float64(found) / float64(marked)
	}
	if retrieved > 0 {
		c.Precision = float64(found) / float64(retrieved)
	}
	if all := marked + retrieved - found; all > 0 {
		c.IoU = float64(found) / float64(all)
	}
	return c
}

// union is the spans without overlaps, in order.
func union(spans []Span) []Span {
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(a, b Span) int { return a.Start - b.Start })
	var out []Span
	for _, s := range sorted {
		if n := len(out); n > 0 && s.Start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}

// intersection is of two unions.
func intersection(a, b []Span) []Span {
	var out []Span
	for len(a) > 0 && len(b) > 0 {
		if s := (Span{max(a[0].Start, b[0].Start), min(a[0].End, b[0].End)}); s.Start < s.End {
			out = append(out, s)
		}
		if a[0].End < b[0].End {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

func length(spans []Span) (n int) {
	for _, s := range spans {
		n += s.End - s.Start
	}
	return n
}

// MeanInterval is the mean of figures and the percentile interval of the bootstrap around
// it, as for a comparison with zero.
func MeanInterval(figures []float64, r Resampling) (mid, low, high float64) {
	r.applyDefaults()
	low, high = bootstrap(figures, r)
	return mean(figures), low, high
}
