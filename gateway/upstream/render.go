package upstream

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"ragway/gateway"
)

// assemble makes quotes of the chosen units, in their order. What introduces a list or code
// comes with what it introduces, as one quote: with all of it when the introduction was
// chosen, else with the items that were.
func assemble(all []candidate, chosen []int, passages []gateway.Source) []quote {
	var out []quote
	at := map[int]int{} // introducing unit ▶ its quote
	for _, i := range chosen {
		c, lead := &all[i], i-all[i].intro
		n := passages[c.passage].N
		if !c.leads && c.intro == 0 {
			out = append(out, quote{n: n, kind: c.kind, text: c.text})
			continue
		}
		whole := slices.Contains(chosen, lead)
		k, begun := at[lead]
		switch {
		case begun && !whole:
			out[k].code += "\n" + c.block()
		case begun:
		case whole:
			at[lead] = len(out)
			out = append(out, quote{n: n, kind: prose, text: all[lead].text, code: introducedBy(all, lead)})
		default:
			at[lead] = len(out)
			out = append(out, quote{n: n, kind: prose, text: all[lead].text, code: c.block()})
		}
	}
	return out
}

const introducedItems = 8 // of a list, come along at most

// introducedBy is the list, or the code, that unit lead introduces.
func introducedBy(all []candidate, lead int) string {
	var blocks []string
	for j := lead + 1; j < len(all) && all[j].intro == j-lead && len(blocks) < introducedItems; j++ {
		blocks = append(blocks, all[j].block())
	}
	return strings.Join(blocks, "\n")
}

func (c *candidate) block() string {
	if c.kind == codeBlock {
		return fenced(c.text)
	}
	return "- " + c.text
}

// fenced puts a fence around code that is longer than any in it.
func fenced(code string) string {
	fence := "```"
	for strings.Contains(code, fence) {
		fence += "`"
	}
	return fence + "\n" + code + "\n" + fence
}

// String is the quote with its marker, which stands behind the sentence: for a quote of
// several lines, behind the sentence that introduces them.
func (q quote) String() string {
	marker := " [" + strconv.Itoa(q.n) + "]"
	switch {
	case q.kind == codeBlock:
		return fenced(q.text) + "\n" + strings.TrimSpace(marker)
	case q.code != "":
		return q.text + marker + "\n\n" + q.code
	}
	return q.text + marker
}

// render writes the quotes with their markers: prose as one paragraph, anything else a
// line each.
func render(quotes []quote) string {
	flowing := true
	var parts []string
	for _, q := range quotes {
		flowing = flowing && q.kind == prose && q.code == ""
		parts = append(parts, q.String())
	}
	if flowing {
		return strings.Join(parts, " ")
	}
	return strings.Join(parts, "\n\n")
}

func readCloser(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }
