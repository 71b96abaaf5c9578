package source

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// line is one line of a file, without its line end.
type line struct {
	number int // from 1
	offset int64
	text   []byte // valid until the next call
}

var errLongLine = errors.New("line over the bound")

// lines reads a file line by line in bounded memory, keeping track of where it is.
type lines struct {
	r      *bufio.Reader
	most   int
	number int
	offset int64
	buf    []byte
}

func newLines(r io.Reader, most int) *lines {
	return &lines{r: bufio.NewReaderSize(r, 64<<10), most: most}
}

// next returns io.EOF after the last line. A line over the bound is skipped and is
// errLongLine, with its number and offset.
func (l *lines) next() (line, error) {
	l.number++
	out := line{number: l.number, offset: l.offset}
	l.buf = l.buf[:0]
	long := false
	for {
		part, err := l.r.ReadSlice('\n')
		l.offset += int64(len(part))
		long = long || len(l.buf)+len(part) > l.most
		if !long {
			l.buf = append(l.buf, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && (!errors.Is(err, io.EOF) || l.offset == out.offset) {
			return out, err
		}
		break
	}
	if long {
		return out, errLongLine
	}
	out.text = bytes.TrimSuffix(bytes.TrimSuffix(l.buf, []byte("\n")), []byte("\r"))
	if l.number == 1 {
		if rest, ok := bytes.CutPrefix(out.text, []byte("\xef\xbb\xbf")); ok {
			out.text, out.offset = rest, out.offset+3
		}
	}
	return out, nil
}
