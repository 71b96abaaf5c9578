package extract

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/textproto"
	"regexp"
	"strings"

	"ragway/ingest"
)

// separator is the line before each message of a mailbox: whoever wrote "From " at the
// start of a line did not add the time of day and the year.
var separator = regexp.MustCompile(`^From \S.* \d{1,2}:\d\d.* \d{4}\s*$`)

func isMailbox(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return bytes.HasPrefix(line, []byte("From ")) && separator.Match(line)
}

// listMailbox lists the messages of a mailbox in the mbox format. Each is named for its
// Message-ID: it is the same document wherever it stands in the box.
func listMailbox(ctx context.Context, l *level) error {
	s := &mailScanner{in: bufio.NewReaderSize(cancellable{ctx, io.NewSectionReader(l.data, 0, l.data.size)}, 64<<10)}
	seen := map[string]int{}
	for {
		m, err := s.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		name := m.name()
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s~%d", name, seen[name])
		}
		open := l.data.reader(func() (io.ReadCloser, error) {
			in := io.NewSectionReader(l.data, m.start, m.end-m.start)
			return io.NopCloser(&unmarked{in: bufio.NewReaderSize(in, 64<<10)}), nil
		})
		member := ingest.Member{Size: m.size, Hash: hex.EncodeToString(m.hash.Sum(nil)), Open: open}
		if err := l.add(ctx, member, name+".eml"); err != nil {
			return err
		}
	}
}

// boxed is a message in a mailbox.
type boxed struct {
	start, end int64 // in the mailbox
	size       int64 // without the marks before "From "
	hash       hash.Hash
	id         string
}

var notInName = regexp.MustCompile(`[^A-Za-z0-9._@+=-]+`)

func (m *boxed) name() string {
	if id := strings.Trim(notInName.ReplaceAllString(m.id, "_"), "_."); id != "" {
		return id[:min(len(id), 150)]
	}
	return "message-" + hex.EncodeToString(m.hash.Sum(nil)[:8])
}

// take adds a line as it was before it was put into the box.
func (m *boxed) take(line []byte) {
	line = unmark(line)
	m.size += int64(len(line))
	m.hash.Write(line)
}

// header remembers the message's ID.
func (m *boxed) header(line []byte) {
	name, value, ok := strings.Cut(string(line), ":")
	if ok && m.id == "" && textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)) == "Message-Id" {
		m.id = strings.TrimSpace(value)
	}
}

// mailScanner finds the messages of a mailbox in one pass.
type mailScanner struct {
	in      *bufio.Reader
	at      int64 // where the next line starts
	started bool  // a separator has been read
	long    bool  // the line read last goes on
}

// next is the message after the separator that was read last; io.EOF after the last one.
// The empty line before a separator belongs to the box.
func (s *mailScanner) next() (*boxed, error) {
	m := &boxed{start: s.at, hash: sha256.New()}
	inHeader, blank := true, true
	var pending []byte
	for {
		whole := !s.long
		line, err := s.line()
		switch isSeparator := whole && blank && isMailbox(line); {
		case err != nil && (!errors.Is(err, io.EOF) || !s.started):
			return nil, err
		case errors.Is(err, io.EOF) && m.size == 0:
			return nil, io.EOF
		case errors.Is(err, io.EOF), isSeparator && m.size > 0:
			return m, nil
		case isSeparator:
			s.started = true
			m.start, m.end = s.at, s.at
			continue
		case !s.started:
			return nil, ingest.ErrNoContainer
		}
		blank = whole && len(bytes.TrimRight(line, "\r\n")) == 0
		if inHeader = inHeader && !blank; inHeader && whole {
			m.header(line)
		}
		if len(pending) > 0 {
			m.take(pending)
			pending, m.end = pending[:0], s.at-int64(len(line))
		}
		if blank {
			pending = append(pending, line...)
			continue
		}
		m.take(line)
		m.end = s.at
	}
}

// line is the next line, or a part of it where it is longer than the buffer.
func (s *mailScanner) line() ([]byte, error) {
	line, err := s.in.ReadSlice('\n')
	s.long = errors.Is(err, bufio.ErrBufferFull)
	s.at += int64(len(line))
	if len(line) > 0 && (s.long || errors.Is(err, io.EOF)) {
		err = nil
	}
	return line, err
}

// unmark takes off the sign that keeps a line of a message from being a separator.
func unmark(line []byte) []byte {
	if rest := bytes.TrimLeft(line, ">"); len(rest) < len(line) && bytes.HasPrefix(rest, []byte("From ")) {
		return line[1:]
	}
	return line
}

// unmarked is a message as it was before it was put into a box.
type unmarked struct {
	in   *bufio.Reader
	rest []byte
	long bool
}

func (u *unmarked) Read(p []byte) (int, error) {
	if len(u.rest) == 0 {
		line, err := u.in.ReadSlice('\n')
		if len(line) == 0 {
			return 0, err
		}
		if !u.long {
			line = unmark(line)
		}
		u.long = errors.Is(err, bufio.ErrBufferFull)
		u.rest = line
	}
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}
