package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// walker steps through one JSON value and tells where things stand. Its error is sticky:
// after the first one every method returns nothing and every loop ends.
//
// It reads with AllowInvalidUTF8, because jsontext takes a lone surrogate escape for
// invalid UTF-8 although JSON allows it; whoever must refuse raw invalid UTF-8 checks the
// bytes.
type walker struct {
	dec     jsontext.Decoder
	buf     bytes.Buffer
	body    []byte
	scratch []byte // of name
	err     error

	nameStart int  // of the member last named
	last      Span // of the value last consumed in one go
}

var (
	walkers = sync.Pool{New: func() any { return new(walker) }}

	strict  = []jsontext.Options{jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(false)}
	lenient = []jsontext.Options{jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)}
)

// walk starts a walk over body, which must not change until release.
func walk(body []byte, opts []jsontext.Options) *walker {
	w := walkers.Get().(*walker)
	w.body, w.err = body, nil
	w.buf = *bytes.NewBuffer(body) // jsontext reads a bytes.Buffer in place
	w.dec.Reset(&w.buf, opts...)
	return w
}

func (w *walker) release() {
	w.body, w.buf, w.err = nil, bytes.Buffer{}, nil
	w.dec.Reset(&w.buf)
	walkers.Put(w)
}

// kind is that of the next value, or 0 after an error: n, t, f, ", 0, { or [.
func (w *walker) kind() jsontext.Kind {
	if w.err != nil {
		return 0
	}
	return w.dec.PeekKind()
}

// root consumes the whole body, which must be one object.
func (w *walker) root(o *object, visit func(name []byte)) {
	isObject := w.kind() == '{'
	*o, _ = w.object(visit)
	if w.end() == nil && !isObject {
		w.shape("", "the body is not a JSON object")
	}
}

// object consumes the next value and, if it is an object, calls visit at each member.
// visit must consume the member's value; name is valid until it consumes anything.
func (w *walker) object(visit func(name []byte)) (o object, ok bool) {
	if w.kind() != '{' {
		w.value()
		return object{}, false
	}
	w.token()
	o.open = w.offset()
	for w.more() {
		name := w.name()
		if w.err == nil {
			visit(name)
		}
		o.last = w.offset()
	}
	o.end = w.offset()
	return o, w.err == nil
}

// array consumes the next value and, if it is an array, calls visit at each element, which
// must consume it.
func (w *walker) array(visit func(i int)) (a Span, n int, ok bool) {
	if w.kind() != '[' {
		return w.value(), 0, false
	}
	w.token()
	a.Start = w.offset() - 1
	for ; w.more(); n++ {
		visit(n)
	}
	a.End = w.offset()
	return a, n, w.err == nil
}

// more reports whether another element or member follows, and consumes the end if not.
func (w *walker) more() bool {
	switch w.kind() {
	case '}', ']':
		w.token()
		return false
	case 0:
		w.token() // turns what PeekKind met into an error
		return false
	}
	return true
}

// name consumes a member's name and leaves its place in nameStart.
func (w *walker) name() []byte {
	span := w.value()
	if w.err != nil {
		return nil
	}
	w.nameStart = span.Start
	raw := w.body[span.Start:span.End]
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	w.scratch, _ = jsontext.AppendUnquote(w.scratch[:0], raw)
	return w.scratch
}

// value consumes the next value, whatever it is.
func (w *walker) value() Span {
	if w.err != nil {
		return Span{}
	}
	v, err := w.dec.ReadValue()
	if err != nil {
		w.fail(err)
		return Span{}
	}
	end := w.offset()
	w.last = Span{end - len(v), end}
	return w.last
}

// str consumes the next value and decodes it if it is a string.
func (w *walker) str() (s string, span Span, ok bool) {
	ok = w.kind() == '"'
	span = w.value()
	if ok = ok && w.err == nil; ok {
		s = unquote(w.raw(span))
	}
	return s, span, ok
}

// known is str for strings that are mostly one of a few, which then cost no memory.
func (w *walker) known(values ...string) (s string, span Span, ok bool) {
	ok = w.kind() == '"'
	span = w.value()
	if ok = ok && w.err == nil; !ok {
		return "", span, false
	}
	raw := w.raw(span)
	for _, v := range values {
		if string(raw[1:len(raw)-1]) == v {
			return v, span, true
		}
	}
	return unquote(raw), span, true
}

// number consumes the next value and reads it if it is a number.
func (w *walker) number() (x float64, ok bool) {
	ok = w.kind() == '0'
	span := w.value()
	if ok = ok && w.err == nil; ok {
		x, _ = strconv.ParseFloat(string(w.raw(span)), 64) // out of range: ±Inf
	}
	return x, ok
}

// boolean consumes the next value and reads it if it is true or false.
func (w *walker) boolean() (b, ok bool) {
	k := w.kind()
	w.value()
	return k == 't', w.err == nil && (k == 't' || k == 'f')
}

// filled consumes the next value and reports whether there is anything in it: null, {},
// [], "", 0 and false hold nothing.
func (w *walker) filled() bool {
	k := w.kind()
	raw := w.raw(w.value())
	if w.err != nil {
		return false
	}
	switch k {
	case '{', '[':
		return len(bytes.TrimSpace(raw[1:len(raw)-1])) > 0
	case '"':
		return len(raw) > 2
	case '0':
		return string(raw) != "0"
	}
	return k == 't'
}

func (w *walker) raw(s Span) []byte { return w.body[s.Start:s.End] }

// end consumes what follows the value: there must be nothing but white space.
func (w *walker) end() error {
	if w.err != nil {
		return w.err
	}
	switch _, err := w.dec.ReadToken(); {
	case err == nil:
		w.err = &SyntaxError{Offset: w.dec.InputOffset() - 1, Message: "data after the end of the JSON value"}
	case !errors.Is(err, io.EOF):
		w.fail(err)
	}
	return w.err
}

func (w *walker) offset() int { return int(w.dec.InputOffset()) }

func (w *walker) token() {
	if w.err != nil {
		return
	}
	if _, err := w.dec.ReadToken(); err != nil {
		w.fail(err)
	}
}

// shape records a ShapeError unless the walk has failed already.
func (w *walker) shape(param, format string, args ...any) {
	if w.err == nil {
		w.err = &ShapeError{Param: param, Message: fmt.Sprintf(format, args...)}
	}
}

func (w *walker) fail(err error) {
	var syntactic *jsontext.SyntacticError
	switch {
	case w.err != nil:
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		w.err = &SyntaxError{Offset: int64(len(w.body)), Message: "unexpected end of JSON"}
	case errors.As(err, &syntactic):
		w.err = &SyntaxError{Offset: syntactic.ByteOffset, Message: strings.TrimPrefix(syntactic.Err.Error(), "jsontext: ")}
	default:
		w.err = &SyntaxError{Offset: w.dec.InputOffset(), Message: err.Error()}
	}
}

// checkUTF8 returns the place of the first byte of body that is not UTF-8.
func checkUTF8(body []byte) error {
	if utf8.Valid(body) {
		return nil
	}
	at := 0
	for at < len(body) {
		r, n := utf8.DecodeRune(body[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return &SyntaxError{Offset: int64(at), Message: "invalid UTF-8"}
}
