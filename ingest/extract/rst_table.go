package extract

import (
	"encoding/csv"
	"regexp"
	"slices"
	"strings"
)

var (
	gridBorder   = regexp.MustCompile(`^\+[-=+]+\+ *$`)
	simpleBorder = regexp.MustCompile(`^=+( +=+)+ *$`)
)

// gridTable reads a table drawn with +, - and |. A cell that spans columns or rows stands
// where it begins.
func (x *rst) gridTable(lines []string) int {
	n := 0
	for n < len(lines) && (strings.HasPrefix(lines[n], "+") || strings.HasPrefix(lines[n], "|")) {
		n++
	}
	edges := plusSigns(lines[:n])
	t := &table{}
	cells := make([]string, max(0, len(edges)-1))
	for _, l := range lines[1:n] {
		signs := []rune(l)
		if strings.HasPrefix(l, "+") && gridBorder.MatchString(l) {
			t.add(cells)
			cells = make([]string, len(cells))
			continue
		}
		for i, text := range gridCells(signs, edges) {
			cells[i] += " " + x.inline(text)
		}
	}
	t.write(x.w, 0)
	return max(n, 1)
}

// plusSigns are the columns at which some border has a corner.
func plusSigns(lines []string) []int {
	var at []int
	for _, l := range lines {
		if !strings.HasPrefix(l, "+") {
			continue
		}
		for i, r := range []rune(l) {
			if r == '+' && !slices.Contains(at, i) && len(at) < maxSpan {
				at = append(at, i)
			}
		}
	}
	slices.Sort(at)
	return at
}

// gridCells are the texts between the edges, by the column in which they begin.
func gridCells(line []rune, edges []int) map[int]string {
	out := map[int]string{}
	begin := 0
	for i := 1; i < len(edges); i++ {
		at := edges[i]
		if at < len(line) && line[at] != '|' && line[at] != '+' {
			continue // spans
		}
		from, to := min(edges[begin]+1, len(line)), min(at, len(line))
		out[begin] = strings.Trim(string(line[from:to]), " -=+")
		begin = i
	}
	return out
}

// simpleTable reads a table whose columns are told by lines of equals signs. A row whose
// first cell is empty continues the one above.
func (x *rst) simpleTable(lines []string) int {
	end := 1
	for borders := 1; end < len(lines); end++ {
		if simpleBorder.MatchString(lines[end]) {
			if borders++; end+1 == len(lines) || blank(lines[end+1]) {
				break
			}
		}
	}
	end = min(end+1, len(lines))
	starts := columnStarts(lines[0])
	t := &table{}
	var row []string
	for _, l := range lines[1:end] {
		switch {
		case blank(l), strings.Trim(l, "=- ") == "":
			continue
		case row != nil && blank(columnOf(l, starts, 0)):
			for i := range row {
				row[i] += " " + x.inline(columnOf(l, starts, i))
			}
			continue
		case row != nil:
			t.add(row)
		}
		row = make([]string, len(starts))
		for i := range row {
			row[i] = x.inline(columnOf(l, starts, i))
		}
	}
	if row != nil {
		t.add(row)
	}
	t.write(x.w, 0)
	return end
}

func columnStarts(border string) []int {
	var starts []int
	for i := range border {
		if border[i] == '=' && (i == 0 || border[i-1] == ' ') && len(starts) < maxSpan {
			starts = append(starts, i)
		}
	}
	return starts
}

// columnOf counts in signs, as the table was drawn.
func columnOf(line string, starts []int, i int) string {
	signs := []rune(line)
	from, to := min(starts[i], len(signs)), len(signs)
	if i+1 < len(starts) {
		to = min(starts[i+1], len(signs))
	}
	return strings.TrimSpace(string(signs[from:to]))
}

func (x *rst) csvTable(header string, body []string) {
	t := &table{}
	in := csv.NewReader(strings.NewReader(header + "\n" + strings.Join(body, "\n")))
	in.FieldsPerRecord, in.LazyQuotes, in.TrimLeadingSpace = -1, true, true
	for {
		cells, err := in.Read()
		if err != nil {
			break
		}
		for i := range cells {
			cells[i] = x.inline(cells[i])
		}
		t.add(cells)
	}
	t.write(x.w, 0)
}

// listTable reads a table written as a list of rows, each a list of cells.
func (x *rst) listTable(body []string) {
	t := &table{}
	var row []string
	for _, l := range body {
		text := strings.TrimLeft(l, " ")
		rest, isRow := strings.CutPrefix(text, "* - ")
		cellText, isCell := strings.CutPrefix(text, "- ")
		if text == "-" {
			cellText, isCell = "", true
		}
		switch {
		case isRow && indentOf(l) == 0:
			if row != nil {
				t.add(row)
			}
			row = []string{x.inline(rest)}
		case isCell && indentOf(l) <= 2 && row != nil:
			row = append(row, x.inline(cellText))
		case len(row) > 0:
			row[len(row)-1] += " " + x.inline(text)
		}
	}
	if row != nil {
		t.add(row)
	}
	t.write(x.w, 0)
}
