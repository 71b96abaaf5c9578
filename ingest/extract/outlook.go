package extract

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/richardlehane/mscfb"
	"golang.org/x/text/encoding/htmlindex"

	"ragway/ingest"
)

func isOutlook(data []byte) bool {
	return bytes.HasPrefix(data, oleMagic) && bytes.Contains(data, utf16LE("__properties_version1.0"))
}

// storage is a folder of a compound file.
type storage struct {
	streams map[string][]byte
	inside  map[string]*storage
	names   []string // of inside, in their order
}

func (s *storage) at(steps []string) *storage {
	for _, name := range steps {
		next := s.inside[name]
		if next == nil {
			next = newStorage()
			s.inside[name] = next
			s.names = append(s.names, name)
		}
		s = next
	}
	return s
}

func newStorage() *storage {
	return &storage{streams: map[string][]byte{}, inside: map[string]*storage{}}
}

// openStorage reads all streams. Together they cannot hold more than the file, unless
// several claim the same sectors.
func openStorage(data []byte, o Options) (*storage, error) {
	in, err := mscfb.New(bytes.NewReader(data))
	if err != nil {
		return nil, ingest.Failf(ingest.Corrupt, "%w", err)
	}
	root, left := newStorage(), int64(len(data))
	for n := 0; ; n++ {
		entry, err := in.Next()
		switch {
		case errors.Is(err, io.EOF):
			return root, nil
		case err != nil:
			return nil, ingest.Failf(ingest.Corrupt, "%w", err)
		case n > o.MaxParts:
			return nil, ingest.Failf(ingest.TooLarge, "more than %d streams", o.MaxParts)
		case len(entry.Path) > maxMailDepth:
			return nil, ingest.Failf(ingest.TooDeep, "storages in storages, more than %d deep", maxMailDepth)
		}
		if entry.FileInfo().IsDir() {
			root.at(append(entry.Path, entry.Name))
			continue
		}
		content, err := io.ReadAll(io.LimitReader(entry, left+1))
		if left -= int64(len(content)); left < 0 || err != nil {
			return nil, ingest.Failf(ingest.Corrupt, "stream %s is damaged", plainName(entry.Name))
		}
		root.at(entry.Path).streams[entry.Name] = content
	}
}

func plainName(s string) string { return strings.ToValidUTF8(inline(s), "") }

// openOutlook parses a message as Outlook saves it (.msg): a compound file whose streams
// are MAPI properties [MS-OXMSG].
func openOutlook(data []byte, o Options) (*message, error) {
	if !isOutlook(data) {
		return nil, ingest.ErrNoContainer
	}
	root, err := openStorage(data, o)
	if err != nil {
		return nil, err
	}
	return outlookMessage(root, topHeader), nil
}

// Bytes before the first property, in messages of their own and in those inside others.
const (
	topHeader   = 32
	innerHeader = 24
)

// Properties by their identifiers [MS-OXPROPS].
const (
	propSubject       = "0037"
	propSubmitTime    = 0x0039
	propFrom          = "0C1A"
	propFromAddress   = "0C1F"
	propFromSMTP      = "5D01"
	propCc            = "0E03"
	propTo            = "0E04"
	propDelivery      = 0x0E06
	propBody          = "1000"
	propHTML          = "1013"
	propMessageID     = "1035"
	propAttached      = "3701"
	propFile          = "3704"
	propLongFile      = "3707"
	propMIME          = "370E"
	propEmbedded      = "__substg1.0_3701000D"
	propCodepage      = 0x3FFD
	propCodepageInBox = 0x3FDE
)

func outlookMessage(s *storage, header int) *message {
	p := properties{s, s.fixed(header)}
	m := &message{
		subject: p.text(propSubject), from: p.from(), to: p.text(propTo), cc: p.text(propCc),
		id: strings.Trim(p.text(propMessageID), "<> "), date: p.time(propSubmitTime, propDelivery),
	}
	if b, ok := p.body(); ok {
		m.body = append(m.body, b)
	}
	for _, name := range s.names {
		if strings.HasPrefix(name, "__attach_version1.0_#") {
			m.take(s.inside[name])
		}
	}
	return m
}

// take adds an attachment, or the message that it is.
func (m *message) take(s *storage) {
	if inner := s.inside[propEmbedded]; inner != nil {
		fwd := outlookMessage(inner, innerHeader)
		m.attached = append(m.attached, fwd.attached...)
		fwd.attached = nil
		m.body = append(m.body, bodyPart{message: fwd})
		return
	}
	p := properties{s, nil}
	data := p.binary(propAttached)
	name := p.text(propLongFile)
	if name == "" {
		name = p.text(propFile)
	}
	if data != nil {
		m.attached = append(m.attached, attachment{path.Base(inside(name)), p.text(propMIME), data})
	}
}

// properties are those of a message or an attachment: strings and binary values in
// streams, the others in one table.
type properties struct {
	*storage
	values map[uint16][8]byte
}

func (s *storage) fixed(header int) map[uint16][8]byte {
	table := s.streams["__properties_version1.0"]
	values := map[uint16][8]byte{}
	for i := header; i+16 <= len(table); i += 16 {
		values[binary.LittleEndian.Uint16(table[i+2:])] = [8]byte(table[i+8 : i+16])
	}
	return values
}

func (p properties) binary(id string) []byte { return p.streams["__substg1.0_"+id+"0102"] }

func (p properties) text(id string) string {
	if wide, ok := p.streams["__substg1.0_"+id+"001F"]; ok {
		return strings.TrimRight(fromUTF16(wide, binary.LittleEndian), "\x00")
	}
	return decode(bytes.TrimRight(p.streams["__substg1.0_"+id+"001E"], "\x00"), p.charset())
}

func (p properties) charset() string {
	for _, id := range []uint16{propCodepage, propCodepageInBox} {
		if v, ok := p.values[id]; ok {
			return codepage(binary.LittleEndian.Uint32(v[:]))
		}
	}
	return ""
}

// codepage is the name of a Windows code page; "" for those that are not in use.
func codepage(n uint32) string {
	switch n {
	case 65001:
		return "utf-8"
	case 932:
		return "shift_jis"
	case 936:
		return "gbk"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 20866:
		return "koi8-r"
	case 28591, 28592, 28593, 28594, 28595, 28596, 28597, 28598, 28599:
		return "iso-8859-" + string(rune('0'+n-28590))
	}
	name := fmt.Sprintf("windows-%d", n)
	if _, err := htmlindex.Get(name); err != nil {
		return ""
	}
	return name
}

func (p properties) from() string {
	name, address := p.text(propFrom), p.text(propFromSMTP)
	if address == "" {
		address = p.text(propFromAddress)
	}
	if !strings.Contains(address, "@") || strings.EqualFold(name, address) {
		return name
	}
	return strings.TrimSpace(name + " <" + address + ">")
}

// time is the first of the properties that is there: hundreds of nanoseconds since 1601.
func (p properties) time(ids ...uint16) time.Time {
	for _, id := range ids {
		if v, ok := p.values[id]; ok {
			ticks := binary.LittleEndian.Uint64(v[:])
			const epoch = 11644473600
			return time.Unix(int64(ticks/1e7)-epoch, 0).UTC()
		}
	}
	return time.Time{}
}

// body prefers plain text, which Outlook makes of the others.
func (p properties) body() (bodyPart, bool) {
	if text := p.text(propBody); strings.TrimSpace(text) != "" {
		return bodyPart{text: text}, true
	}
	page := p.binary(propHTML)
	if page == nil {
		page = []byte(p.text(propHTML))
	}
	if len(page) > 0 {
		return bodyPart{text: decodeHTML(page, p.charset()), html: true}, true
	}
	return bodyPart{}, false
}
