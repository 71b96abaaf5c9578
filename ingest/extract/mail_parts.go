package extract

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/jhillyerd/enmime/v2"
	"github.com/jhillyerd/enmime/v2/mediatype"

	"ragway/ingest"
)

// mailWalk sorts the parts of a message into what it says and what is attached to it.
type mailWalk struct {
	m      *message
	o      Options
	depth  int  // of forwarded messages
	sealed bool // a part of it is encrypted
}

func (w *mailWalk) part(p *enmime.Part, depth int) error {
	if depth > maxMailDepth {
		return ingest.Failf(ingest.TooDeep, "parts in parts, more than %d deep", maxMailDepth)
	}
	kind := kindOf(p)
	switch {
	case kind == "multipart/encrypted", kind == "application/pkcs7-mime" && strings.Contains(smimeType(p), "enveloped"):
		w.sealed = true
		return nil
	case kind == "application/pkcs7-mime", kind == "application/x-pkcs7-mime":
		w.sealed = true // signed and not readable without taking it apart, or enveloped
		return nil
	case kind == "multipart/alternative":
		return w.alternatives(p, depth)
	case p.FirstChild != nil:
		for c := p.FirstChild; c != nil; c = c.NextSibling {
			if err := w.part(c, depth+1); err != nil {
				return err
			}
		}
		return nil
	case kind == "message/rfc822", kind == "message/global":
		return w.forwarded(p)
	case isSignature(kind):
		return nil
	case isBody(p, kind):
		w.m.body = append(w.m.body, bodyPart{text: partText(p), html: kind == "text/html"})
		return nil
	}
	w.attach(p, kind)
	return nil
}

// alternatives takes one of several parts that say the same: the plain one, unless it
// says much less than the HTML one, as it does in newsletters that tell their readers to
// get another mail program.
func (w *mailWalk) alternatives(p *enmime.Part, depth int) error {
	var plain, rich *enmime.Part
	for c := p.FirstChild; c != nil; c = c.NextSibling {
		switch kind := kindOf(c); {
		case kind == "text/plain" && plain == nil:
			plain = c
		case kind == "text/html", c.FirstChild != nil:
			rich = c
		}
	}
	take := plain
	if plain == nil || rich != nil && 4*runesIn(partText(plain)) < runesIn(richText(rich)) {
		take = rich
	}
	for c := p.FirstChild; c != nil; c = c.NextSibling {
		var err error
		switch {
		case c == take:
			err = w.part(c, depth+1)
		case c.FirstChild != nil:
			aside := &mailWalk{m: &message{}, o: w.o, depth: w.depth} // what is attached to the other one counts
			err = aside.part(c, depth+1)
			w.m.attached = append(w.m.attached, aside.m.attached...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// richText is the text of the HTML in a part.
func richText(p *enmime.Part) string {
	if kindOf(p) == "text/html" {
		return textOfHTML(partText(p))
	}
	for c := p.FirstChild; c != nil; c = c.NextSibling {
		if kindOf(c) == "text/html" {
			return textOfHTML(partText(c))
		}
	}
	return ""
}

func runesIn(s string) int { return utf8.RuneCountInString(strings.Join(strings.Fields(s), " ")) }

func (w *mailWalk) forwarded(p *enmime.Part) error {
	if w.depth >= maxMailDepth {
		return ingest.Failf(ingest.TooDeep, "messages in messages, %d deep", w.depth)
	}
	inner, err := parseMail(p.Content, w.o, w.depth+1)
	if err != nil {
		if ingest.ReasonOf(err) == ingest.TooDeep {
			return err
		}
		w.attach(p, "message/rfc822")
		return nil
	}
	w.m.attached = append(w.m.attached, inner.attached...)
	inner.attached = nil
	w.m.body = append(w.m.body, bodyPart{message: inner})
	return nil
}

func (w *mailWalk) attach(p *enmime.Part, kind string) {
	name := p.FileName
	if !utf8.ValidString(name) {
		name = decode([]byte(name), "")
	}
	w.m.attached = append(w.m.attached, attachment{path.Base(inside(name)), kind, p.Content})
}

// memberName is what an attachment is called, after its type where it has no name.
func (a attachment) memberName() string {
	if a.name != "." {
		return a.name
	}
	if f := byMIME[a.kind]; f != nil {
		return "attachment" + f.exts[0]
	}
	return "attachment"
}

func kindOf(p *enmime.Part) string {
	if p.Header.Get("Content-Type") == "" && p.Parent != nil && p.Parent.ContentType == "multipart/digest" {
		return "message/rfc822"
	}
	if p.ContentType == "" {
		return "text/plain"
	}
	return p.ContentType
}

func smimeType(p *enmime.Part) string {
	_, params, _, _ := mediatype.Parse(p.Header.Get("Content-Type"))
	return params["smime-type"]
}

func isSignature(kind string) bool {
	switch kind {
	case "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-encrypted":
		return true
	}
	return false
}

// isBody reports whether a part is text to be read in its place.
func isBody(p *enmime.Part, kind string) bool {
	switch kind {
	case "text/plain", "text/html", "message/delivery-status", "text/rfc822-headers":
		return p.Disposition != "attachment" && (p.FileName == "" || p.Parent == nil)
	}
	return false
}

// partText is the part's text. The parser was kept from decoding it.
func partText(p *enmime.Part) string {
	_, params, _, _ := mediatype.Parse(p.Header.Get("Content-Type"))
	if kindOf(p) == "text/html" {
		return decodeHTML(p.Content, params["charset"])
	}
	declared := params["charset"]
	if strings.EqualFold(declared, "us-ascii") {
		declared = "" // what is, needs no decoding
	}
	text := decode(p.Content, declared)
	if strings.EqualFold(params["format"], "flowed") {
		return unflow(text)
	}
	return text
}

// listAttached lists attachments, each under a name of its own. The message is read again
// for each that is opened: a run has more of them than fit in memory.
func listAttached(ctx context.Context, l *level, list []attachment, again func() ([]attachment, error)) error {
	seen := map[string]int{}
	for i, a := range list {
		sum := sha256.Sum256(a.data)
		name := a.memberName()
		if seen[name]++; seen[name] > 1 {
			ext := path.Ext(name)
			name = fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), seen[name], ext)
		}
		open := l.data.reader(func() (io.ReadCloser, error) {
			list, err := again()
			if err != nil {
				return nil, err
			}
			if i >= len(list) {
				return nil, errors.New("the message has changed")
			}
			return newBytesFile(list[i].data), nil
		})
		m := ingest.Member{Size: int64(len(a.data)), Hash: hex.EncodeToString(sum[:]), Open: open}
		if err := l.add(ctx, m, name); err != nil {
			return err
		}
	}
	return nil
}

// whole is all of a container that has to be read at once.
func (l *level) whole() ([]byte, error) {
	if most := int64(l.u.r.o.MaxBytes); l.data.size > most {
		return nil, ingest.Failf(ingest.TooLarge, "%d bytes, the limit is %d", l.data.size, most)
	}
	data := make([]byte, l.data.size)
	if n, err := l.data.ReadAt(data, 0); err != nil && !(errors.Is(err, io.EOF) && n == len(data)) {
		return nil, ingest.Failf(ingest.Unreadable, "%w", err)
	}
	return data, nil
}
