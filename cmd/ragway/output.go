package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"
)

// printJSON writes v on one line, without escaping <, > and &.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// printTable writes rows under a header, columns aligned.
func printTable(w io.Writer, header []string, rows [][]string) error {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, strings.Join(header, "\t"))
	for _, r := range rows {
		fmt.Fprintln(tw, strings.Join(r, "\t"))
	}
	return tw.Flush()
}

// plain makes document text safe for a terminal: control characters, which could move
// the cursor or change the title, become blanks.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return ' '
		}
		return r
	}, s)
}

// snippet is the beginning of s on one line, cut at a word.
func snippet(s string, runes int) string {
	s = strings.Join(strings.Fields(plain(s)), " ")
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	cut := string([]rune(s)[:runes])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
		cut = cut[:i]
	}
	return cut + " …"
}

// emptyList is v, or an empty list instead of null in JSON.
func emptyList[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

// detour is a writer whose end can be changed: while a progress bar is drawn, log lines go
// above it.
type detour struct{ w atomic.Pointer[io.Writer] }

func (d *detour) to(w io.Writer)              { d.w.Store(&w) }
func (d *detour) Write(p []byte) (int, error) { return (*d.w.Load()).Write(p) }

// size is n bytes for a person to read.
func size(n int64) string {
	switch {
	case n < 1e3:
		return plural(int(n), "byte")
	case n < 1e6:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// plural is "1 document", "2 documents".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
