package chunk

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ragway/ingest"
	"ragway/retriever"
)

// version changes whenever the same text would be cut differently: documents are then
// re-ingested.
const version = 3

// DefaultTokens by measurement: see docs/quality.md, and aimNum for why more is not better
// for what has to be cut.
const DefaultTokens = 400

// Options say how large chunks are. Counts are tokens.
type Options struct {
	Strategy  string           // one of Strategies; Auto when ""
	Tokens    int              // upper bound of a chunk's text; DefaultTokens when 0
	Overlap   int              // upper bound of what a chunk repeats from the one before; none when 0
	Count     func(string) int // tokens of a text; required
	Tokenizer string           // the name Count goes by; required, as it is part of the identity
}

// Splitter cuts texts. It is safe for concurrent use if Count is.
type Splitter struct{ o Options }

var _ ingest.Chunker = (*Splitter)(nil).Split

// New checks the options.
func New(o Options) (*Splitter, error) {
	if o.Tokens == 0 {
		o.Tokens = DefaultTokens
	}
	if o.Strategy == "" {
		o.Strategy = Auto
	}
	switch {
	case !slices.Contains(Strategies(), o.Strategy):
		return nil, fmt.Errorf("chunk: unknown strategy %q: want one of %s", o.Strategy, strings.Join(Strategies(), ", "))
	case o.Count == nil:
		return nil, errors.New("chunk: no token counter")
	case o.Tokenizer == "":
		return nil, errors.New("chunk: the token counter has no name")
	case o.Tokens < minTokens:
		return nil, fmt.Errorf("chunk: %d tokens: want at least %d", o.Tokens, minTokens)
	case o.Overlap < 0 || o.Overlap > o.Tokens/2:
		return nil, fmt.Errorf("chunk: overlap of %d tokens: want 0 to %d, half a chunk", o.Overlap, o.Tokens/2)
	}
	return &Splitter{o: o}, nil
}

// minTokens is more than any one rune takes (four bytes, at most one token each), so
// that a text can always be cut.
const minTokens = 8

// ID names the way of cutting; it is part of Document.Pipeline.
func (s *Splitter) ID() string {
	return fmt.Sprintf("chunk/%d %s tokens=%d overlap=%d tokenizer=%s", version, s.o.Strategy, s.o.Tokens, s.o.Overlap, s.o.Tokenizer)
}

// Split cuts doc into chunks; title stands in their Context, doc's own when it is empty.
// A chunk's Tokens is the sum over its pieces, which is exact or a little off: counting is
// most of the work, so text is counted a second time only where it could be over the bound.
func (s *Splitter) Split(doc ingest.Extracted, title string) ([]retriever.Chunk, error) {
	if !utf8.ValidString(doc.Text) {
		return nil, errors.New("chunk: the text is not valid UTF-8")
	}
	if title == "" {
		title = doc.Title
	}
	c := &cutter{
		text:  doc.Text,
		limit: s.o.Tokens,
		count: s.o.Count,
		title: strings.Join(strings.Fields(title), " "),
		date:  dateOf(doc.Metadata),
	}
	passages, overlap, err := c.run(doc.Blocks, s.o)
	if err != nil {
		return nil, err
	}
	var out []retriever.Chunk
	for _, p := range passages {
		out = append(out, c.chunk(p, overlap))
	}
	return out, nil
}

// run cuts by the strategy. An overlap that is returned is still to be put before the
// passages.
func (c *cutter) run(blocks []ingest.Block, o Options) (passages []passage, overlap int, err error) {
	switch o.Strategy {
	case Sentence:
		c.plain(blocks, sentenceCut)
		return c.windows(o.Overlap), 0, nil
	case Fixed:
		c.plain(blocks, wordCut)
		return c.windows(o.Overlap), 0, nil
	}
	c.limit -= o.Overlap
	if err := c.cut(blocks); err != nil {
		return nil, 0, err
	}
	c.markHeadings()
	return c.passages(), o.Overlap, nil
}

// dateOf is the day a document says it is of, in the form in which questions and documents
// have it in common; "" where it is in no form that orders years first.
func dateOf(m retriever.Metadata) string {
	s, ok := m["date"].(string)
	if !ok || len(s) < len("2006-01-02") {
		return ""
	}
	s = s[:len("2006-01-02")]
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return ""
	}
	return s
}
