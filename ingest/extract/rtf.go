package extract

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"ragway/ingest"
)

// readRTF reads a document in the Rich Text Format, after its specification 1.9.1.
func readRTF(ctx context.Context, d *document) error {
	if !bytes.HasPrefix(bytes.TrimSpace(d.Data), []byte(`{\rtf`)) {
		return ingest.Failf(ingest.Corrupt, `it does not begin with {\rtf`)
	}
	r := &rtf{ctx: ctx, in: d.Data, w: d.w, depth: d.o.MaxDepth, ansi: 1252, fonts: map[int]int{}, styles: map[int]int{}, info: map[string]string{}}
	r.state.skip = 1
	if err := r.read(); err != nil {
		return err
	}
	r.endParagraph()
	r.endTable()
	r.describe()
	return nil
}

// rtf reads control word by control word; a group is a state that its end undoes.
type rtf struct {
	ctx   context.Context
	in    []byte
	at    int
	w     *writer
	depth int

	ansi   int         // the document's code page
	fonts  map[int]int // code pages by font
	styles map[int]int // outline levels by style, from 1
	info   map[string]string
	state  rtfState
	outer  []rtfState
	mute   int // signs that stand for a \u before them and are not read

	bytes []byte   // of the text, in the code page of the state
	units []uint16 // of \u, which may come in pairs
	par   rtfParagraph
	notes []string
	noted int
	row   []string
	table *table
	first string

	listed bool // the paragraph before was an item
}

// rtfState is what a group can set for itself.
type rtfState struct {
	dest   string // where text goes: "" into the document, "-" nowhere, else into that table
	skip   int    // signs after each \u that repeat it for readers without Unicode
	font   int
	hidden bool
	style  int // that a stylesheet entry defines
	note   *strings.Builder
}

// rtfParagraph is what \pard sets back.
type rtfParagraph struct {
	text    strings.Builder
	mark    strings.Builder // its number or bullet, as it is shown
	level   int             // of a heading, from 1
	inTable bool
}

func (r *rtf) read() error {
	for r.at < len(r.in) {
		c := r.in[r.at]
		r.at++
		switch c {
		case '{':
			if err := r.open(); err != nil {
				return err
			}
		case '}':
			r.close()
		case '\\':
			r.control()
		case '\r', '\n', 0:
		default:
			r.char(c)
		}
	}
	r.flush()
	return r.ctx.Err()
}

func (r *rtf) open() error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if len(r.outer) >= r.depth {
		return ingest.Failf(ingest.TooDeep, "nested more than %d levels", r.depth)
	}
	r.flush()
	r.outer = append(r.outer, r.state)
	r.mute = 0
	return nil
}

func (r *rtf) close() {
	r.flush()
	if len(r.outer) == 0 {
		return
	}
	if note := r.state.note; note != nil && r.outer[len(r.outer)-1].note == nil {
		r.endNote(inline(note.String()))
	}
	r.state = r.outer[len(r.outer)-1]
	r.outer = r.outer[:len(r.outer)-1]
	r.mute = 0
}

// control reads what follows a backslash.
func (r *rtf) control() {
	if r.at >= len(r.in) {
		return
	}
	c := r.in[r.at]
	if c|0x20 < 'a' || c|0x20 > 'z' {
		r.at++
		r.symbol(c)
		return
	}
	start := r.at
	for r.at < len(r.in) && r.in[r.at]|0x20 >= 'a' && r.in[r.at]|0x20 <= 'z' && r.at-start < 32 {
		r.at++
	}
	word := string(r.in[start:r.at])
	start = r.at
	if r.at < len(r.in) && r.in[r.at] == '-' {
		r.at++
	}
	for r.at < len(r.in) && r.in[r.at] >= '0' && r.in[r.at] <= '9' && r.at-start < 11 {
		r.at++
	}
	n, err := strconv.Atoi(string(r.in[start:r.at]))
	if r.at < len(r.in) && r.in[r.at] == ' ' {
		r.at++
	}
	r.word(word, n, err == nil)
}

// symbol is a control of one sign.
func (r *rtf) symbol(c byte) {
	if r.mute > 0 && c != '\'' && c != '*' {
		r.mute--
		return
	}
	switch c {
	case '\'':
		if r.at+2 <= len(r.in) {
			if v, err := strconv.ParseUint(string(r.in[r.at:r.at+2]), 16, 8); err == nil {
				r.at += 2
				r.char(byte(v))
			}
		}
	case '*':
		r.state.dest = "*"
	case '~':
		r.flush()
		r.put(" ")
	case '_':
		r.flush()
		r.put("-")
	case '\r', '\n':
		r.word("par", 0, false)
	case '\\', '{', '}':
		r.char(c)
	}
}

// char is a byte of text.
func (r *rtf) char(c byte) {
	if r.mute > 0 {
		r.mute--
		return
	}
	r.flushUnits()
	r.bytes = append(r.bytes, c)
}

// unicode is \uN: a UTF-16 unit as a signed number.
func (r *rtf) unicode(n int) {
	r.flushBytes()
	r.units = append(r.units, uint16(n))
	r.mute = r.state.skip
}

func (r *rtf) flush() {
	r.flushBytes()
	r.flushUnits()
}

func (r *rtf) flushUnits() {
	if len(r.units) > 0 {
		units := r.units
		r.units = nil
		r.put(string(utf16.Decode(units)))
	}
}

func (r *rtf) flushBytes() {
	if len(r.bytes) == 0 {
		return
	}
	raw := r.bytes
	r.bytes = nil
	page := r.ansi
	if p := r.fonts[r.state.font]; p != 0 {
		page = p
	}
	if name := codepage(uint32(page)); !ascii(raw) && name != "" {
		if out, err := mustEncoding(name).NewDecoder().Bytes(raw); err == nil {
			raw = out
		}
	}
	r.put(string(raw))
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// put takes text to where the state sends it.
func (r *rtf) put(s string) {
	switch {
	case r.state.hidden:
	case r.state.dest == "" && r.state.note != nil:
		r.state.note.WriteString(s)
	case r.state.dest == "":
		r.par.text.WriteString(s)
	case r.state.dest == "mark":
		r.par.mark.WriteString(s)
	case r.state.dest == "stylesheet":
		r.nameStyle(s)
	case strings.HasPrefix(r.state.dest, "info:"):
		r.info[r.state.dest[5:]] += s
	}
}

// nameStyle takes the level of a heading from the name of its style, in English as Word
// writes it whatever its own language.
func (r *rtf) nameStyle(name string) {
	level, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(name)), "heading ")
	if n, err := strconv.Atoi(strings.TrimRight(level, ";")); ok && err == nil && n >= 1 && n <= 9 {
		r.styles[r.state.style] = n
	}
}

func (r *rtf) describe() {
	r.w.title(r.info["title"])
	r.w.title(r.first)
	r.w.set("author", r.info["author"])
	r.w.set("subject", r.info["subject"])
	r.w.set("keywords", r.info["keywords"])
	for _, of := range []string{"revtim", "creatim"} {
		if y := r.info[of+"yr"]; y != "" {
			r.w.set("date", fmt.Sprintf("%s-%02s-%02s", y, r.info[of+"mo"], r.info[of+"dy"]))
		}
	}
}
