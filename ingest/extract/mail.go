package extract

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"mime"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jhillyerd/enmime/v2"
	"github.com/jhillyerd/enmime/v2/mediatype"

	"ragway/ingest"
)

// readMessage reads a message that open parses: who wrote to whom, then the body. What is
// attached to it are documents of their own (see listMessage); messages that it forwards
// are part of it.
func readMessage(open func([]byte, Options) (*message, error)) func(context.Context, *document) error {
	return func(ctx context.Context, d *document) error {
		m, err := open(d.Data, d.o)
		if err != nil {
			return err
		}
		m.describe(d.w)
		return m.write(ctx, d.w, 1)
	}
}

// listMessage lists what is attached to a message.
func listMessage(open func([]byte, Options) (*message, error)) listing {
	return func(ctx context.Context, l *level) error {
		attached := func() ([]attachment, error) {
			data, err := l.whole()
			if err != nil {
				return nil, err
			}
			m, err := open(data, l.u.r.o)
			if err != nil {
				return nil, err
			}
			return m.attached, nil
		}
		list, err := attached()
		if err != nil {
			return err
		}
		return listAttached(ctx, l, list, attached)
	}
}

// message is a mail message, whatever format it is kept in.
type message struct {
	subject, from, to, cc, id string
	date                      time.Time
	body                      []bodyPart
	attached                  []attachment
}

// bodyPart is a part of the text.
type bodyPart struct {
	text    string
	html    bool
	message *message // that is forwarded here, in place of text
}

type attachment struct {
	name string // "." for none
	kind string // media type
	data []byte
}

// describe sets the title and the fields of the outermost message. Who got a blind copy
// is nobody's business.
func (m *message) describe(w *writer) {
	w.out.Messages = 1
	w.title(m.subject)
	w.set("author", m.from)
	w.set("to", m.to)
	w.set("cc", m.cc)
	w.set("message_id", m.id)
	if !m.date.IsZero() {
		w.set("date", m.date.UTC().Format(time.RFC3339))
	}
}

// write writes the message under its subject, if it says anything. The names in its
// header are a part of the text: questions name them.
func (m *message) write(ctx context.Context, w *writer, level int) error {
	if !m.says() {
		return nil
	}
	if subject := inline(m.subject); subject != "" {
		w.block(ingest.Block{Kind: ingest.Heading, Level: level}, strings.Repeat("#", level)+" "+subject)
	}
	w.block(ingest.Block{Kind: ingest.Paragraph}, m.header())
	for _, b := range m.body {
		var err error
		switch {
		case b.message != nil:
			err = b.message.write(ctx, w, min(level+1, 6))
		case b.html:
			err = writeHTML(ctx, w, b.text)
		default:
			w.paragraphs(ingest.Block{Kind: ingest.Paragraph}, b.text)
		}
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
	return nil
}

func (m *message) says() bool {
	for _, b := range m.body {
		if b.message != nil && b.message.says() || b.message == nil && strings.TrimSpace(b.text) != "" {
			return true
		}
	}
	return len(m.attached) > 0
}

func (m *message) header() string {
	var b strings.Builder
	line := func(name, value string) {
		if value = inline(value); value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	line("From", m.from)
	line("To", m.to)
	line("Cc", m.cc)
	if !m.date.IsZero() {
		line("Date", m.date.Format("2006-01-02 15:04"))
	}
	var names []string
	for _, a := range m.attached {
		if a.name != "." {
			names = append(names, a.name)
		}
	}
	line("Attached", strings.Join(names, ", "))
	return b.String()
}

// unflow joins the lines of a flowed text, which end in a blank where the mail program
// broke them (RFC 3676).
func unflow(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	var b strings.Builder
	for i, l := range lines {
		b.WriteString(l)
		flows := strings.HasSuffix(l, " ") && l != "-- " && i+1 < len(lines) && !strings.HasPrefix(lines[i+1], ">") && !strings.HasPrefix(l, ">")
		if !flows {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// maxMailDepth bounds multiparts in multiparts and forwarded messages in forwarded ones:
// each level reads through all those above it.
const maxMailDepth = 100

// mailParser leaves the texts in the encoding they came in: decode knows more of them,
// and the same text must read the same wherever it comes from.
var mailParser = enmime.NewParser(
	enmime.SkipMalformedParts(true),
	enmime.MultipartWOBoundaryAsSinglePart(true),
	enmime.MaxStoredPartErrors(10),
	enmime.DisableTextConversion(true),
	enmime.DisableCharacterDetection(true),
	enmime.MinCharsetDetectRunes(math.MaxInt),
	enmime.SetReadPartErrorPolicy(func(*enmime.Part, error) bool { return true }),
	enmime.SetCustomParseMediaType(func(s string) (string, map[string]string, []string, error) {
		kind, params, invalid, err := mediatype.ParseWithOptions(s, mediatype.ParseOptions{StripMediaTypeInvalidCharacters: true})
		if params["charset"] != "" {
			params["charset"] = leftAlone
		}
		return kind, params, invalid, err
	}),
)

// leftAlone is a charset that nobody knows.
const leftAlone = "x-left-alone"

func openMail(data []byte, o Options) (*message, error) {
	if bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF}) || bareUTF16(data) != nil {
		data = []byte(decode(data, ""))
	}
	data = bytes.TrimLeft(data, "\r\n")
	m, err := parseMail(data, o, 0)
	if err == nil && !m.says() {
		if mended := endHeaders(data); mended != nil {
			return parseMail(mended, o, 0)
		}
	}
	return m, err
}

var boundaryParameter = regexp.MustCompile(`(?i)boundary="?([^"\r\n;]{1,200})`)

// endHeaders puts in the empty line that ends a part's header where a part begins with
// its text, which the parser takes for a header that is damaged. nil: there is none.
func endHeaders(data []byte) []byte {
	marks := map[string]bool{}
	for _, m := range boundaryParameter.FindAllSubmatch(data, 100) {
		marks["--"+string(m[1])] = true
	}
	var out []byte
	afterMark, found := false, false
	for line := range bytes.Lines(data) {
		text := strings.TrimRight(string(line), "\r\n")
		if afterMark && text != "" && !headerLine.MatchString(text) {
			out, found = append(out, '\n'), true
		}
		out, afterMark = append(out, line...), marks[text]
	}
	if !found {
		return nil
	}
	return out
}

var headerLine = regexp.MustCompile(`^[!-9;-~]+:`)

func parseMail(data []byte, o Options, depth int) (*message, error) {
	if boundaries(data) > 10*maxMailDepth {
		return nil, ingest.Failf(ingest.TooDeep, "more than %d multiparts", 10*maxMailDepth)
	}
	root, err := mailParser.ReadParts(bytes.NewReader(data))
	if err != nil {
		return nil, ingest.Failf(ingest.Corrupt, "%w", err)
	}
	m := &message{
		subject: headerText(root, "Subject"), from: headerText(root, "From"), to: headerText(root, "To"), cc: headerText(root, "Cc"),
		id: strings.Trim(headerText(root, "Message-Id"), "<> "),
	}
	m.date, _ = mail.ParseDate(root.Header.Get("Date"))
	w := &mailWalk{m: m, o: o, depth: depth}
	if err := w.part(root, 0); err != nil {
		return nil, err
	}
	if w.sealed && !m.says() {
		return nil, ingest.Failf(ingest.Encrypted, "the message is encrypted")
	}
	return m, nil
}

// boundaries counts what may be a multipart.
func boundaries(data []byte) (n int) {
	const name = "boundary"
	for {
		i := bytes.IndexByte(data, '=')
		if i < 0 {
			return n
		}
		if i >= len(name) && strings.EqualFold(string(data[i-len(name):i]), name) {
			n++
		}
		data = data[i+1:]
	}
}

// headerText is a header field in plain words. What is neither encoded nor UTF-8 is in
// the encoding it looks like.
func headerText(p *enmime.Part, name string) string {
	raw := p.Header.Get(name)
	if !utf8.ValidString(raw) {
		raw = decode([]byte(raw), "")
	}
	text, err := wordDecoder.DecodeHeader(raw)
	if err != nil {
		text = raw
	}
	return inline(text)
}

var wordDecoder = mime.WordDecoder{CharsetReader: func(charset string, in io.Reader) (io.Reader, error) {
	data, err := io.ReadAll(io.LimitReader(in, 1<<16))
	return strings.NewReader(decode(data, charset)), err
}}

var mailHeaders = []string{"from:", "received:", "return-path:", "message-id:", "mime-version:", "delivered-to:", "date:", "subject:", "to:", "x-mozilla-status:"}

// startsLikeMail reports whether data begins with header fields of a message, one of them
// a sign that it is no other text with a colon in it.
func startsLikeMail(head []byte) bool {
	fields, telling := 0, 0
	for line := range bytes.Lines(head) {
		text := strings.ToLower(strings.TrimRight(string(line), "\r\n"))
		switch {
		case text == "":
			return fields > 0 && telling > 0
		case text[0] == ' ' || text[0] == '\t':
			continue
		}
		name, _, ok := strings.Cut(text, ":")
		if !ok || strings.ContainsAny(name, " \t") {
			return false
		}
		fields++
		for _, h := range mailHeaders {
			if strings.HasPrefix(text, h) && h != "date:" && h != "subject:" && h != "to:" && h != "from:" {
				telling++
			}
		}
	}
	return telling > 1
}
