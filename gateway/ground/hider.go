package ground

import "bytes"

// Hider takes out what stands between <tag> and </tag>, such as a model's reasoning, with
// the blank lines behind it. What it puts out depends on the text alone, not on the pieces
// it came in.
//
// Case does not matter. The tag is text in Markdown code and behind a backslash. What is
// hidden ends at the first closing tag, whatever is around it: reasoning is full of
// backticks that are never closed, and they must not swallow the answer.
//
// Where the closing tag never comes, everything behind the opening one stays hidden: a model
// that ran into its limit while it reasoned has not answered yet, and to show its reasoning
// for an answer would be worse than to show nothing. Unclosed says so.
type Hider struct {
	open, close []byte

	code  code
	buf   []byte // what could not be decided yet
	at    int    // in buf: up to here it has been dealt with
	final bool
	out   []byte // of the current call
	tail  []byte // of all that was put out, at most lookBack bytes

	state hiding
	gap   []byte // blanks behind a closing tag
	broke bool   // a line end was among them
}

type hiding uint8

const (
	showing hiding = iota
	inside
	behind // the closing tag, where blank lines go
)

// NewHider starts on a new text.
func NewHider(tag string) *Hider {
	return &Hider{open: []byte("<" + tag + ">"), close: []byte("</" + tag + ">")}
}

// Feed takes the next piece of the text and returns what is ready to go out.
func (h *Hider) Feed(delta string) string {
	h.buf = append(h.buf, delta...)
	h.advance()
	if string(h.out) == delta {
		return delta
	}
	return string(h.out)
}

// Flush returns what was kept back. The text is then complete.
func (h *Hider) Flush() string {
	h.final = true
	h.advance()
	if h.state == behind {
		h.resume()
	}
	return string(h.out)
}

// Unclosed reports whether the text put in so far ends within what is hidden.
func (h *Hider) Unclosed() bool { return h.state == inside }

// Hide does a whole text at once.
func Hide(text, tag string) (out string, unclosed bool) {
	h := NewHider(tag)
	out = h.Feed(text)
	out += h.Flush()
	return out, h.Unclosed()
}

func (h *Hider) advance() {
	h.out = h.out[:0]
	for h.at < len(h.buf) && h.step() {
	}
	h.buf = h.buf[:copy(h.buf, h.buf[h.at:])]
	h.at = 0
}

// step deals with the next piece of text and reports whether it could be decided.
func (h *Hider) step() bool {
	rest := h.buf[h.at:]
	switch {
	case h.state == inside:
		return h.skip(rest)
	case h.state == behind:
		h.blanks(rest)
		return true
	case h.code.mode != prose:
		h.pass(h.code.skip(rest))
		return true
	}
	switch n := bytes.IndexAny(rest, "<`~"); {
	case n < 0:
		h.pass(len(rest))
		return true
	case n > 0:
		h.pass(n)
		return true
	case rest[0] != '<':
		h.code.start(rest[0], leadsLine(h.tail))
		return true
	}
	switch what := foldPrefixed(rest, h.open); {
	case what == needMore && !h.final:
		return false
	case what == match && !bytes.HasSuffix(h.tail, []byte{'\\'}):
		h.at += len(h.open)
		h.state = inside
	default:
		h.pass(1)
	}
	return true
}

// skip drops what is hidden, up to the closing tag.
func (h *Hider) skip(rest []byte) bool {
	n := bytes.IndexByte(rest, '<')
	if n < 0 {
		n = len(rest)
	}
	if n > 0 {
		h.at += n
		return true
	}
	switch foldPrefixed(rest, h.close) {
	case match:
		h.at += len(h.close)
		h.state, h.gap, h.broke = behind, h.gap[:0], false
	case needMore:
		if !h.final {
			return false
		}
		h.at++
	default:
		h.at++
	}
	return true
}

// blanks collects those behind a closing tag. On a line of its own only what stands behind
// the last line end is of interest.
func (h *Hider) blanks(rest []byte) {
	for i, c := range rest {
		switch c {
		case '\n':
			h.broke = true
			h.gap = append(h.gap, c)
			if startsLine(h.tail) {
				h.gap = h.gap[:0]
			}
		case ' ', '\t', '\r':
			h.gap = append(h.gap, c)
		default:
			h.at += i
			h.resume()
			return
		}
	}
	h.at += len(rest)
}

// resume goes on behind hidden text. Blanks around it become those of one side.
func (h *Hider) resume() {
	h.state = showing
	n := len(h.tail)
	parted := n == 0 || h.tail[n-1] == ' ' || h.tail[n-1] == '\t' || h.tail[n-1] == '\n'
	if parted && !h.broke || startsLine(h.tail) && h.final && h.at == len(h.buf) {
		return
	}
	h.emit(h.gap)
}

func (h *Hider) pass(n int) {
	h.emit(h.buf[h.at : h.at+n])
	h.at += n
}

func (h *Hider) emit(b []byte) {
	h.out = append(h.out, b...)
	if len(b) >= lookBack {
		h.tail = append(h.tail[:0], b[len(b)-lookBack:]...)
		return
	}
	h.tail = append(h.tail, b...)
	if drop := len(h.tail) - lookBack; drop > 0 {
		h.tail = h.tail[:copy(h.tail, h.tail[drop:])]
	}
}

// foldPrefixed is prefix, whatever the case of letters.
func foldPrefixed(b, p []byte) outcome {
	n := min(len(b), len(p))
	switch {
	case !bytes.EqualFold(b[:n], p[:n]):
		return noMatch
	case n < len(p):
		return needMore
	}
	return match
}
