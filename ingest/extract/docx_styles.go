package extract

import (
	"fmt"
	"strconv"
	"strings"
)

// style is what a paragraph style means for structure.
type style struct {
	level  int // of a heading; 0: none
	title  bool
	code   bool
	num    string // id of a list definition
	indent int
}

type xmlVal struct {
	Val string `xml:"val,attr"`
}

// readStyles resolves each style over the ones it is based on.
func readStyles(p *pack) (map[string]style, error) {
	var part struct {
		Styles []rawStyle `xml:"style"`
	}
	if err := p.unmarshal("word/styles.xml", &part); err != nil {
		return nil, err
	}
	byID := map[string]rawStyle{}
	for _, s := range part.Styles {
		byID[s.ID] = s
	}
	out := map[string]style{}
	for id := range byID {
		out[id] = resolve(byID, id)
	}
	return out, nil
}

type rawStyle struct {
	ID      string `xml:"styleId,attr"`
	Name    xmlVal `xml:"name"`
	BasedOn xmlVal `xml:"basedOn"`
	PPr     struct {
		Outline *xmlVal `xml:"outlineLvl"`
		NumID   *xmlVal `xml:"numPr>numId"`
		Level   *xmlVal `xml:"numPr>ilvl"`
	} `xml:"pPr"`
}

// maxBased bounds a chain of styles, which may be a ring.
const maxBased = 20

func resolve(byID map[string]rawStyle, id string) style {
	var out style
	for range maxBased {
		raw, ok := byID[id]
		if !ok {
			break
		}
		out.inherit(raw)
		id = raw.BasedOn.Val
	}
	return out
}

// inherit takes from raw what is still open.
func (s *style) inherit(raw rawStyle) {
	name := strings.ToLower(raw.Name.Val)
	if level, ok := strings.CutPrefix(name, "heading "); ok && s.level == 0 {
		s.level, _ = strconv.Atoi(level)
	}
	if raw.PPr.Outline != nil && s.level == 0 {
		s.level = outlineLevel(raw.PPr.Outline.Val)
	}
	s.title = s.title || name == "title"
	s.code = s.code || strings.Contains(name, "code") || strings.Contains(name, "preformatted") || strings.Contains(name, "verbatim")
	if raw.PPr.NumID != nil && s.num == "" {
		s.num = raw.PPr.NumID.Val
	}
	if raw.PPr.Level != nil && s.indent == 0 {
		s.indent, _ = strconv.Atoi(raw.PPr.Level.Val)
	}
}

// outlineLevel turns 0 to 8 into heading levels 1 to 9; 9 is body text.
func outlineLevel(val string) int {
	n, err := strconv.Atoi(val)
	if err != nil || n < 0 || n > 8 {
		return 0
	}
	return n + 1
}

// numbering knows the marks of list levels and counts items.
type numbering struct {
	formats map[string][]string // format of each level by list id
	counts  map[string][]int
}

func readNumbering(p *pack) (*numbering, error) {
	var part struct {
		Abstract []struct {
			ID     string `xml:"abstractNumId,attr"`
			Levels []struct {
				Index  string `xml:"ilvl,attr"`
				Format xmlVal `xml:"numFmt"`
			} `xml:"lvl"`
		} `xml:"abstractNum"`
		Nums []struct {
			ID       string `xml:"numId,attr"`
			Abstract xmlVal `xml:"abstractNumId"`
		} `xml:"num"`
	}
	if err := p.unmarshal("word/numbering.xml", &part); err != nil {
		return nil, err
	}
	abstract := map[string][]string{}
	for _, a := range part.Abstract {
		levels := make([]string, listLevels)
		for _, l := range a.Levels {
			if i, err := strconv.Atoi(l.Index); err == nil && i >= 0 && i < listLevels {
				levels[i] = l.Format.Val
			}
		}
		abstract[a.ID] = levels
	}
	n := &numbering{formats: map[string][]string{}, counts: map[string][]int{}}
	for _, num := range part.Nums {
		n.formats[num.ID] = abstract[num.Abstract.Val]
	}
	return n, nil
}

// listLevels is how many levels the format allows.
const listLevels = 9

// mark is what stands before the next item of a list at a level, with its indent.
func (n *numbering) mark(list string, level int) string {
	level = max(0, min(level, listLevels-1))
	indent := strings.Repeat("  ", level)
	formats := n.formats[list]
	if len(formats) == 0 || formats[level] == "bullet" || formats[level] == "none" || formats[level] == "" {
		return indent + "- "
	}
	if n.counts[list] == nil {
		n.counts[list] = make([]int, listLevels)
	}
	c := n.counts[list]
	c[level]++
	clear(c[level+1:])
	return indent + ordinal(c[level], formats[level]) + ". "
}

func ordinal(n int, format string) string {
	switch format {
	case "lowerLetter":
		return letter(n, 'a')
	case "upperLetter":
		return letter(n, 'A')
	case "lowerRoman":
		return strings.ToLower(roman(n))
	case "upperRoman":
		return roman(n)
	}
	return fmt.Sprint(n)
}

// letter counts a to z, then aa to zz, as word processors do.
func letter(n int, first rune) string {
	return strings.Repeat(string(first+rune((n-1)%26)), (n-1)/26+1)
}

func roman(n int) string {
	var b strings.Builder
	for _, d := range []struct {
		value int
		sign  string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for ; n >= d.value; n -= d.value {
			b.WriteString(d.sign)
		}
	}
	return b.String()
}
