package extract

import (
	"context"
	"html"
	"regexp"
	"strconv"
	"strings"

	"ragway/ingest"
)

// readSubtitles reads WebVTT and SubRip. Cues are cut for the eye; a person searches for
// what was said, so they are joined to paragraphs, one a speaker, cut at pauses. Times
// stay out: they are no words, and a passage of them is found by any number.
func readSubtitles(ctx context.Context, d *document) error {
	t := transcript{w: d.w}
	for block := range strings.SplitSeq(cleanText(d.decoded()), "\n\n") {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if c, ok := parseCue(block); ok {
			t.add(c)
		}
	}
	t.flush()
	return nil
}

// cue is one subtitle.
type cue struct {
	from, to float64 // seconds
	speaker  string
	text     string
}

var (
	cueTimes = regexp.MustCompile(`^\s*([0-9:.,]+)\s+-->\s+([0-9:.,]+)`)
	voiceTag = regexp.MustCompile(`^\s*<v(?:\.[^ >]*)?\s+([^>]*)>`)
	cueTag   = regexp.MustCompile(`</?[a-zA-Z0-9:][^<>]*>|\{\\[^{}]*\}|</>`)
)

// parseCue reads a block between empty lines; blocks without times are headers, notes and
// style sheets.
func parseCue(block string) (c cue, ok bool) {
	lines := strings.Split(block, "\n")
	for i, l := range lines {
		m := cueTimes.FindStringSubmatch(l)
		if m == nil {
			continue
		}
		c.from, c.to = cueSeconds(m[1]), cueSeconds(m[2])
		text := strings.Join(lines[i+1:], "\n")
		if v := voiceTag.FindStringSubmatch(text); v != nil {
			c.speaker = inline(html.UnescapeString(v[1]))
		}
		c.text = cueText(text)
		return c, c.text != ""
	}
	return c, false
}

// cueText is a cue's text on one line, but for the turns of a dialogue that begin with a
// dash.
func cueText(s string) string {
	var b strings.Builder
	for l := range strings.SplitSeq(cueTag.ReplaceAllString(s, ""), "\n") {
		l = inline(html.UnescapeString(l))
		switch {
		case l == "":
			continue
		case b.Len() > 0 && strings.HasPrefix(l, "- "):
			b.WriteByte('\n')
		case b.Len() > 0:
			b.WriteByte(' ')
		}
		b.WriteString(l)
	}
	return b.String()
}

// cueSeconds reads "01:02:03.004", "02:03,004" or what comes near; 0 if nothing does.
func cueSeconds(s string) (sum float64) {
	for part := range strings.SplitSeq(strings.ReplaceAll(s, ",", "."), ":") {
		n, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return 0
		}
		sum = sum*60 + n
	}
	return sum
}

// A paragraph of a transcript ends after so much silence, or after a sentence that makes
// it so long.
const (
	longPause     = 2.5 // seconds
	longParagraph = 600 // bytes
)

// transcript gathers cues.
type transcript struct {
	w       *writer
	text    strings.Builder
	speaker string // of the paragraph at hand
	to      float64
}

func (t *transcript) add(c cue) {
	ended := strings.HasSuffix(t.text.String(), ".") && t.text.Len() > longParagraph
	if c.speaker != t.speaker || ended || c.from-t.to > longPause || t.text.Len() > 2*longParagraph {
		t.flush()
	}
	switch {
	case t.text.Len() > 0 && strings.HasPrefix(c.text, "- "):
		t.text.WriteByte('\n')
	case t.text.Len() > 0:
		t.text.WriteByte(' ')
	case c.speaker != "":
		t.text.WriteString(c.speaker + ": ")
	}
	t.text.WriteString(c.text)
	t.speaker, t.to = c.speaker, c.to
}

func (t *transcript) flush() {
	t.w.block(ingest.Block{Kind: ingest.Paragraph}, t.text.String())
	t.text.Reset()
}
