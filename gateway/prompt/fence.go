package prompt

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fence lines are "<<<source N KEY>>>" and "<<<end N KEY>>>". What documents say can make
// neither: runs of three angle brackets are replaced, and so is the key.
const (
	openFence  = "<<<source "
	closeFence = "<<<end "
	endFence   = ">>>"
)

// chatToken is a control token of chat templates, which some servers read in any text:
// <|im_start|>, <｜end▁of▁sentence｜>, Gemma's <start_of_turn>. F#'s and Elixir's pipes do
// not look like it.
var chatToken = regexp.MustCompile(`<([|｜][\pL\pN_▁ -]{1,40}[|｜]|(?:start|end)_of_turn)>`)

// chatBracket is one of Llama 2's and Mistral's.
var chatBracket = regexp.MustCompile(`\[(/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS))\]`)

// block writes one source between its fence lines.
func block(s Source, nonce string) string {
	var b strings.Builder
	b.Grow(len(s.Text) + len(s.Title) + 160)
	n := strconv.Itoa(s.N)
	fence := func(kind string) {
		b.WriteString(kind + n + " " + nonce + endFence + "\n")
	}
	fence(openFence)
	for _, l := range labels(s) {
		if v := oneLine(neutral(l.value, nonce)); v != "" {
			b.WriteString(l.name + ": " + v + "\n")
		}
	}
	b.WriteString("\n")
	if text := strings.TrimSpace(neutral(s.Text, nonce)); text != "" {
		b.WriteString(text + "\n")
	}
	fence(closeFence)
	return b.String()
}

type label struct{ name, value string }

func labels(s Source) []label {
	page := ""
	if s.Page > 0 {
		page = strconv.Itoa(s.Page)
	}
	return []label{
		{"title", s.Title},
		{"document", s.URI},
		{"section", strings.Join(s.Headings, " > ")},
		{"page", page},
		{"date", s.Date},
	}
}

// neutral takes from a document's text whatever could be taken for a fence or for the chat
// template's own marks. Control characters and those that reorder or hide text go, too.
func neutral(text, nonce string) string {
	text = strings.Map(visible, strings.ReplaceAll(text, "\r\n", "\n"))
	text = without(text, nonce)
	text = chatToken.ReplaceAllString(text, "‹$1›")
	text = chatBracket.ReplaceAllString(text, "($1)")
	text = breakRuns(text, '<', '‹')
	return breakRuns(text, '>', '›')
}

// visible drops what a reader would not see but a model would, and makes every line end
// a "\n". Joiners stay: scripts and emoji need them.
func visible(r rune) rune {
	switch {
	case ' ' <= r && r <= '~', r == '\n' || r == '\t' || r == '\u200c' || r == '\u200d':
		return r
	case r == '\r' || r == '\u2028' || r == '\u2029' || r == '\u0085' || r == '\v' || r == '\f':
		return '\n'
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
		return -1
	}
	return r
}

// breakRuns replaces runs of three and more of c.
func breakRuns(s string, c byte, with rune) string {
	if !strings.Contains(s, strings.Repeat(string(c), 3)) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		n := 0
		for i+n < len(s) && s[i+n] == c {
			n++
		}
		switch {
		case n >= 3:
			b.WriteString(strings.Repeat(string(with), n))
		case n > 0:
			b.WriteString(s[i : i+n])
		default:
			n = 1
			b.WriteByte(s[i])
		}
		i += n
	}
	return b.String()
}

// without removes the nonce in any case, also where removing it makes another.
func without(s, nonce string) string {
	if nonce == "" {
		return s
	}
	for i := indexFold(s, nonce); i >= 0; i = indexFold(s, nonce) {
		s = s[:i] + s[i+len(nonce):]
	}
	return s
}

func indexFold(s, nonce string) int {
	for i := 0; i+len(nonce) <= len(s); i++ {
		if s[i]|0x20 == nonce[0]|0x20 && strings.EqualFold(s[i:i+len(nonce)], nonce) {
			return i
		}
	}
	return -1
}

// oneLine joins the words of s by single blanks.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
