package source

import (
	"bytes"
	"log/slog"
)

const (
	longestLogLine = 1 << 10 // bytes; the rest of a line is cut off
	mostLogLines   = 1000    // of one run
)

// lineLog logs what a program writes to standard error, line by line, within bounds.
type lineLog struct {
	logger  *slog.Logger
	program string
	line    []byte
	cut     bool
	lines   int
}

func (l *lineLog) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		part, rest, ended := bytes.Cut(p, []byte("\n"))
		room := longestLogLine - len(l.line)
		l.cut = l.cut || len(part) > room
		l.line = append(l.line, part[:min(len(part), room)]...)
		if ended {
			l.flush()
		}
		p = rest
	}
	return n, nil
}

func (l *lineLog) flush() {
	text := string(bytes.ToValidUTF8(bytes.TrimRight(l.line, "\r"), []byte("\uFFFD")))
	if l.cut {
		text += "…"
	}
	l.line, l.cut = l.line[:0], false
	if text == "" {
		return
	}
	if l.lines++; l.lines <= mostLogLines {
		l.logger.Info(text, "program", l.program)
	}
}

// close logs a last line without an end, and how many were too many.
func (l *lineLog) close() {
	l.flush()
	if more := l.lines - mostLogLines; more > 0 {
		l.logger.Warn("further lines of standard error are left out", "program", l.program, "lines", more)
	}
}
