package extract

import (
	"strings"
	"unicode/utf8"

	"ragway/ingest"
	"ragway/retriever"
)

// A writer builds an Extracted block by block, in the normal form its contract asks for.
type writer struct {
	o     Options
	text  strings.Builder
	runes int
	out   ingest.Extracted
	full  bool // over MaxRunes
}

func newWriter(o Options) *writer {
	return &writer{o: o, out: ingest.Extracted{Metadata: retriever.Metadata{}}}
}

// block appends one block after an empty line. Blank text appends nothing.
func (w *writer) block(b ingest.Block, text string) { w.after("\n\n", b, text) }

// line appends one block on the next line, as the items of a list stand.
func (w *writer) line(b ingest.Block, text string) { w.after("\n", b, text) }

func (w *writer) after(separator string, b ingest.Block, text string) {
	if b.Kind == ingest.Code {
		text = cleanCode(text)
	} else {
		text = cleanText(text)
	}
	if text == "" || w.full {
		return
	}
	if w.runes > 0 {
		w.text.WriteString(separator)
		w.runes += len(separator)
	}
	b.Start = w.runes
	w.text.WriteString(text)
	w.runes += utf8.RuneCountInString(text)
	b.End = w.runes
	w.out.Blocks = append(w.out.Blocks, b)
	w.full = w.runes > w.o.MaxRunes
}

// append adds the blocks of another text as they stand there. Its pages are not pages here.
func (w *writer) append(e ingest.Extracted) {
	runes := []rune(e.Text)
	end := 0
	for i, b := range e.Blocks {
		add := w.block
		if i > 0 && b.Start-end == 1 {
			add = w.line
		}
		end = b.End
		text := string(runes[b.Start:b.End])
		b.Page = 0
		add(b, text)
	}
}

// set records a metadata value unless it is empty or the key is taken.
func (w *writer) set(key string, value any) {
	if s, ok := value.(string); ok {
		if value = inline(s); value == "" {
			return
		}
	}
	if _, taken := w.out.Metadata[key]; !taken && value != nil {
		w.out.Metadata[key] = value
	}
}

// title sets the title if there is none yet.
func (w *writer) title(s string) {
	if w.out.Title == "" {
		w.out.Title = inline(s)
	}
}

func (w *writer) finish() (ingest.Extracted, error) {
	w.out.Text = w.text.String()
	switch {
	case w.full:
		return ingest.Extracted{}, ingest.Failf(ingest.TooLarge, "more than %d characters of text", w.o.MaxRunes)
	case w.out.Text == "":
		return ingest.Extracted{}, ingest.Failf(ingest.EmptyText, "no text in it")
	}
	if len(w.out.Metadata) == 0 {
		w.out.Metadata = nil
	}
	return w.out, nil
}
