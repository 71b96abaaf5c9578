package extract

import (
	"encoding/csv"
	"regexp"
	"strconv"
	"strings"
)

// cellSpec stands before the sign that begins a cell: how often it repeats, how many
// columns and rows it covers, how it looks and what it holds.
var cellSpec = regexp.MustCompile(`(?:^|[\s])((?:(\d+)?(?:\.(\d+))?([+*]))?[<^>]?(?:\.[<^>])?[a-z]?)$`)

// adocCell is a cell of a table: text, and the columns and rows that it covers.
type adocCell struct {
	text       string
	cols, rows int
}

func (x *asciidoc) table(sign string, body []string) {
	attrs := x.attrs
	t := &table{}
	defer func() { t.write(x.w, 0) }()
	if sign[0] == ',' || sign[0] == ':' || attrs.options["format"] != "" && attrs.options["format"] != "psv" {
		x.separated(t, sign, attrs.options["format"], body)
		return
	}
	cells, first := x.cellsOf(body, sign[:1])
	width := columnCount(attrs.options["cols"])
	if width == 0 {
		width = first
	}
	fill(t, cells, max(1, min(width, maxSpan)))
}

// columnCount is how many columns a table says it has: "1,2" and "2*" are two.
func columnCount(cols string) (n int) {
	if strings.TrimSpace(cols) == "" {
		return 0
	}
	for col := range strings.FieldsFuncSeq(cols, func(r rune) bool { return r == ',' || r == ';' }) {
		times, _, repeated := strings.Cut(strings.TrimSpace(col), "*")
		k, err := strconv.Atoi(times)
		if !repeated || err != nil {
			k = 1
		}
		n = min(n+max(k, 1), maxSpan)
	}
	return n
}

// cellsOf cuts the lines of a table into cells, and counts those of its first line.
func (x *asciidoc) cellsOf(body []string, sign string) (cells []adocCell, first int) {
	for _, l := range body {
		if strings.HasPrefix(l, "//") {
			continue
		}
		parts := strings.Split(strings.ReplaceAll(l, `\`+sign, "\x00"), sign)
		last := len(parts) - 1
		text := func(i int) string {
			if i == last {
				return parts[i]
			}
			return unspecified(parts[i])
		}
		if len(cells) > 0 {
			cells[len(cells)-1].text += " " + text(0)
		}
		before := parts[0]
		for i, p := range parts[1:] {
			spec := cellSpec.FindStringSubmatch(before)
			c := adocCell{text: text(i + 1), cols: 1, rows: 1}
			times := 1
			if spec != nil && spec[4] == "+" {
				c.cols, c.rows = count(spec[2]), count(spec[3])
			} else if spec != nil && spec[4] == "*" {
				times = count(spec[2])
			}
			for range times {
				cells = append(cells, c)
			}
			before = p
		}
		if first == 0 {
			for _, c := range cells {
				first += c.cols
			}
		}
	}
	for i := range cells {
		cells[i].text = x.inline(strings.ReplaceAll(cells[i].text, "\x00", sign))
	}
	return cells, first
}

// unspecified is a cell's text without the specification of the next cell.
func unspecified(s string) string {
	if m := cellSpec.FindStringSubmatchIndex(s); m != nil && m[3] > m[2] && (m[8] >= 0 || m[2] > 0 && m[3]-m[2] <= 2) {
		return s[:m[2]]
	}
	return s
}

func count(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 1
	}
	return max(1, min(n, maxSpan))
}

// fill puts the cells into rows; what a cell covers besides its first place stays empty.
func fill(t *table, cells []adocCell, width int) {
	row, at := make([]string, width), 0
	covered := make([]int, width) // rows that a cell above still covers
	end := func() {
		t.add(row)
		row, at = make([]string, width), 0
		for i := range covered {
			covered[i] = max(0, covered[i]-1)
		}
	}
	for _, c := range cells {
		for at < width && covered[at] > 0 {
			at++
		}
		if at >= width {
			end()
			for at < width && covered[at] > 0 {
				at++
			}
		}
		if at >= width {
			continue
		}
		row[at] = c.text
		for range c.cols {
			if at < width {
				covered[at] = max(covered[at], c.rows)
				at++
			}
		}
	}
	t.add(row)
}

// separated reads a table of separated values.
func (x *asciidoc) separated(t *table, sign, format string, body []string) {
	in := csv.NewReader(strings.NewReader(strings.Join(body, "\n")))
	in.FieldsPerRecord, in.LazyQuotes, in.TrimLeadingSpace = -1, true, true
	switch {
	case sign[0] == ':', format == "dsv":
		in.Comma = ':'
	case format == "tsv":
		in.Comma = '\t'
	}
	for {
		cells, err := in.Read()
		if err != nil {
			return
		}
		for i := range cells {
			cells[i] = x.inline(cells[i])
		}
		t.add(cells)
	}
}
