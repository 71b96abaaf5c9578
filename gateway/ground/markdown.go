package ground

import (
	"strconv"
	"strings"
	"unicode"
)

// linkTarget is an address as the target of a Markdown link, "" where nobody should be
// sent: anything but http, https and a path on this server. What could end the link, or a
// cell of a table it stands in, is percent-encoded.
func linkTarget(url string) string {
	url = strings.TrimSpace(url)
	lower := strings.ToLower(url)
	rooted := strings.HasPrefix(url, "/") && !strings.HasPrefix(url, "//") && !strings.HasPrefix(url, `/\`)
	if !rooted && !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") {
		return ""
	}
	var b strings.Builder
	for _, r := range url {
		if strings.ContainsRune("()<>\"\\`|{}^", r) || unicode.IsSpace(r) || !unicode.IsGraphic(r) {
			for _, c := range []byte(string(r)) {
				b.WriteString("%" + upperHex[c>>4:c>>4+1] + upperHex[c&15:c&15+1])
			}
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

const upperHex = "0123456789ABCDEF"

// linkText is a title as Markdown text on one line, whatever it holds.
func linkText(title string) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(title), " ") {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d': // joiners shape scripts and emoji
			continue
		case strings.ContainsRune("\\`*_[]<>&!|~#^$", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// notes are the footnotes of an answer, in the order in which they are first cited.
type notes struct {
	order   []note
	numbers map[int]int    // the note of each source
	same    map[Source]int // the note of each address and title
}

type note struct {
	number int
	source Source
}

// number is the note of a source. Several passages of one place share the first one's.
func (n *notes) number(source int, s Source) int {
	if at, known := n.numbers[source]; known {
		return at
	}
	if n.numbers == nil {
		n.numbers, n.same = map[int]int{}, map[Source]int{}
	}
	at, known := n.same[s]
	if !known || s == (Source{}) {
		at = source
		n.same[s] = source
		n.order = append(n.order, note{source, s})
	}
	n.numbers[source] = at
	return at
}

// definitions are the notes as Markdown, "" when there are none.
func (n *notes) definitions() string {
	var b strings.Builder
	for _, note := range n.order {
		b.WriteString("[^" + strconv.Itoa(note.number) + "]: " + note.source.markdown() + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (s Source) markdown() string {
	target := linkTarget(s.URL)
	text := linkText(s.Title)
	switch {
	case target == "" && text == "":
		return "Source"
	case target == "":
		return text
	case text == "":
		text = linkText(target)
	}
	return "[" + text + "](" + target + ")"
}
