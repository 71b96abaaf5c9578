package ground

import (
	"bytes"
	"unicode/utf8"
)

const (
	// maxMarkerLen bounds a marker in bytes, and with it what is held back of a stream.
	maxMarkerLen = 64
	// maxLinkedLen bounds one with an address.
	maxLinkedLen = 1024
	// maxNumbers bounds the sources one marker names.
	maxNumbers = 20
	// maxNumber is the highest number a marker can have: three digits, because numbering
	// may start at 99. Years are longer and so never markers.
	maxNumber = 999
	// maxPlain is the highest number that is a marker even when it points nowhere; a
	// longer one, such as [404], is text unless it is a source.
	maxPlain = 99
)

// form is how a marker is written. The same number in another form is another marker.
type form uint8

const (
	square     form = iota // [1], [1, 2], [1-3], [[1]]
	linked                 // [[1]](url)
	footnote               // [^1], [^1^]
	named                  // [doc1], [Source 2], [citation:3]
	lenticular             // 【1】, 【1†source】, 【4:0†source】
	fullwidth              // ［1］
	forms
)

// marker is one bracket with numbers in it. Offsets are from its start.
type marker struct {
	form    form
	size    int
	open    int // length of what stands before the first number
	close   int // offset of the closing bracket
	ranged  bool
	foreign bool // 【4:0†source】: another system's scheme, points nowhere here
	n       int
	items   [maxNumbers]item
}

type item struct{ number, start, end int }

func (m *marker) numbers() []item { return m.items[:m.n] }

type outcome uint8

const (
	noMatch outcome = iota
	match
	needMore // what is there could become a marker
)

var (
	lenticularOpen, lenticularClose = []byte("【"), []byte("】")
	fullwidthOpen, fullwidthClose   = []byte("［"), []byte("］")
	dagger                          = []byte("†")
	enDash                          = []byte("–")
)

// opens reports whether b starts with a bracket that can open a marker.
func opens(b []byte) outcome {
	if len(b) == 0 {
		return needMore
	}
	switch b[0] {
	case '[':
		return match
	case lenticularOpen[0], fullwidthOpen[0]:
		return max(prefix(b, lenticularOpen), prefix(b, fullwidthOpen))
	}
	return noMatch
}

// prefix compares b with p, of which the end of b may hold only a part.
func prefix(b, p []byte) outcome {
	switch {
	case bytes.HasPrefix(b, p):
		return match
	case len(b) < len(p) && bytes.HasPrefix(p, b):
		return needMore
	}
	return noMatch
}

// parseMarker reads the marker at the start of b. needMore asks for more of the text.
func parseMarker(b []byte) (marker, outcome) {
	p := parser{b: b}
	p.marker()
	longest := maxMarkerLen
	if p.m.form == linked {
		longest = maxLinkedLen
	}
	switch {
	case p.at > longest, p.short && len(b) >= longest:
		return marker{}, noMatch
	case p.short:
		return p.m, needMore // of which only the form and, with an address, the size are of use
	case p.failed:
		return marker{}, noMatch
	}
	p.m.size = p.at
	return p.m, match
}

// parser reads one marker by recursive descent. short means that it ran into the end.
type parser struct {
	b             []byte
	at            int
	failed, short bool
	m             marker
}

func (p *parser) marker() {
	closing, double := p.opening()
	for p.item(); p.separator(); p.item() {
	}
	if p.m.form == lenticular {
		p.remark()
	}
	p.m.close = p.at
	p.expect(closing)
	if double {
		p.expect(closing)
		p.address()
	}
}

// address reads what makes a link of a marker in double brackets. One that is too long, or
// has a blank in it, is no part of the marker.
func (p *parser) address() {
	end := p.at
	if p.bad() || p.m.form != square || end == len(p.b) || p.b[end] != '(' {
		return
	}
	p.m.form, p.m.size = linked, end
	for p.at < len(p.b) && p.at < maxLinkedLen && p.b[p.at] != ' ' && p.b[p.at] != '\n' {
		p.at++
		if p.b[p.at-1] == ')' {
			return
		}
	}
	if p.at == len(p.b) && p.at < maxLinkedLen {
		p.short = true
		return
	}
	p.m.form, p.at = square, end
}

// opening reads the bracket and returns the one that closes it.
func (p *parser) opening() (closing []byte, double bool) {
	switch {
	case p.take(lenticularOpen):
		p.m.form, closing = lenticular, lenticularClose
	case p.take(fullwidthOpen):
		p.m.form, closing = fullwidth, fullwidthClose
	default:
		p.expect([]byte{'['})
		closing = []byte{']'}
		double = p.take([]byte{'['})
		if p.take([]byte{'^'}) {
			p.m.form = footnote
		}
	}
	p.m.open = p.at
	return closing, double
}

// item reads a number, its label before it, and the end of a range after it.
func (p *parser) item() {
	start := p.at
	p.label()
	first := p.number(1)
	last := first
	if p.m.form == square && (p.take([]byte{'-'}) || p.take(enDash)) {
		p.m.ranged = true
		last = p.number(1)
	}
	if p.m.form == footnote {
		p.take([]byte{'^'}) // [^1^]
	}
	if p.m.form == lenticular && p.take([]byte{':'}) {
		p.m.foreign = true
		p.number(0)
	}
	if !p.bad() && (last < first || last-first >= maxNumbers-p.m.n) {
		p.failed = true
	}
	if p.bad() {
		return
	}
	for n := first; n <= last; n++ {
		p.m.items[p.m.n] = item{n, start, p.at}
		p.m.n++
	}
}

// labels stand before the number in markers some models prefer.
var labels = []string{"citation", "document", "passage", "source", "cite", "doc", "src", "ref"}

func (p *parser) label() {
	start := p.at
	for p.at < len(p.b) && isLetter(p.b[p.at]) && p.at-start < 10 {
		p.at++
	}
	word := p.b[start:p.at]
	if len(word) == 0 {
		p.short = p.short || p.at == len(p.b)
		return
	}
	known, partial := false, false
	for _, l := range labels {
		known = known || len(word) == len(l) && foldPrefix(l, word)
		partial = partial || foldPrefix(l, word)
	}
	switch {
	case p.m.form != square && p.m.form != named:
		p.failed = true
	case p.at == len(p.b) && partial:
		p.short = true
	case !known:
		p.failed = true
	default:
		p.m.form = named
		for i := 0; i < 2 && (p.take([]byte{' '}) || p.take([]byte{':'}) || p.take([]byte{'#'}) || p.take([]byte{'_'}) || p.take([]byte{'-'})); i++ {
		}
	}
}

// foldPrefix reports whether lower starts with word, whatever its case.
func foldPrefix(lower string, word []byte) bool {
	return len(word) <= len(lower) && bytes.EqualFold([]byte(lower[:len(word)]), word)
}

// number reads 1 to 3 digits without a leading zero. Source numbers start at 1, so that
// [0] is an index and not a marker.
func (p *parser) number(least int) int {
	start, n := p.at, 0
	for ; p.at < len(p.b) && isDigit(p.b[p.at]) && p.at-start < 4; p.at++ {
		n = n*10 + int(p.b[p.at]-'0')
	}
	digits := p.at - start
	switch {
	case p.bad():
	case digits > 3, digits > 1 && p.b[start] == '0', digits > 0 && n < least:
		p.failed = true
	case p.at == len(p.b):
		p.short = true
	case digits == 0:
		p.failed = true
	}
	return n
}

// separator reads a comma or semicolon with blanks, if there is one.
func (p *parser) separator() bool {
	if p.bad() {
		return false
	}
	p.blanks()
	for _, s := range []string{",", ";", "，", "；", "、"} {
		if p.take([]byte(s)) {
			p.blanks()
			return !p.bad()
		}
	}
	return false
}

// remark reads the †… that hosted search tools put behind the number.
func (p *parser) remark() {
	if !p.take(dagger) {
		return
	}
	for p.at < len(p.b) && p.b[p.at] != '\n' && p.at <= maxMarkerLen {
		if prefix(p.b[p.at:], lenticularClose) != noMatch {
			return
		}
		p.at++
	}
	p.short = p.short || p.at == len(p.b)
}

func (p *parser) blanks() {
	for p.at < len(p.b) && p.b[p.at] == ' ' {
		p.at++
	}
}

// take consumes s if it is next.
func (p *parser) take(s []byte) bool {
	if p.bad() {
		return false
	}
	switch prefix(p.b[p.at:], s) {
	case match:
		p.at += len(s)
		return true
	case needMore:
		p.short = true
	}
	return false
}

func (p *parser) expect(s []byte) {
	if !p.take(s) && !p.short {
		p.failed = true
	}
}

func (p *parser) bad() bool { return p.failed || p.short }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// charCount counts code points, also of a piece cut inside one: those that start in b.
func charCount(b []byte) int {
	n := 0
	for _, c := range b {
		if utf8.RuneStart(c) {
			n++
		}
	}
	return n
}
