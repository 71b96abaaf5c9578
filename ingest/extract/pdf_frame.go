package extract

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

const (
	// frameDepth is how many lines at either end of a page may be running headers or
	// footers: a title, a chapter and a page number.
	frameDepth = 3
	// A line is one from this many pages on that have it at the same end, and from one
	// page in framePart on: left and right pages of books differ, and chapters have
	// headers of their own.
	framePages, framePart = 3, 4
)

// withoutFrames takes from pages what is printed at the same end of many of them. The
// first of each stays, unless it only counts pages: it may be the name of the document, or
// the head of a table that goes on.
func withoutFrames(pages []string) {
	if len(pages) < framePages {
		return
	}
	lines := make([][]string, len(pages))
	seen := map[string]int{} // pages, by what a line there may have in common with others
	for i, p := range pages {
		lines[i] = strings.Split(strings.ReplaceAll(p, "\r\n", "\n"), "\n")
		on := map[string]bool{}
		eachFrameLine(lines[i], func(end string, at int) {
			for _, key := range frameKeys(end, lines[i][at], i) {
				on[key] = true
			}
		})
		for key := range on {
			seen[key]++
		}
	}
	told := map[string]bool{}
	for i := range lines {
		var drop []int
		eachFrameLine(lines[i], func(end string, at int) {
			for _, key := range frameKeys(end, lines[i][at], i) {
				if n := seen[key]; n < framePages || n*framePart < len(pages) {
					continue
				}
				if told[key] || countsPages(lines[i][at]) {
					drop = append(drop, at)
				}
				told[key] = true
			}
		})
		pages[i] = strings.Join(without(lines[i], drop), "\n")
	}
}

// eachFrameLine gives the lines at both ends of a page.
func eachFrameLine(lines []string, give func(end string, at int)) {
	for _, end := range []struct {
		name       string
		from, step int
	}{{"top", 0, 1}, {"bottom", len(lines) - 1, -1}} {
		found := 0
		for at := end.from; at >= 0 && at < len(lines) && found < frameDepth; at += end.step {
			if strings.TrimSpace(lines[at]) == "" {
				continue
			}
			found++
			give(end.name, at)
		}
	}
}

var frameNumber = regexp.MustCompile(`\d{1,6}`)

// frameKeys are what a line has in common with those of other pages: its text, with the
// first or the last number in it as the distance to the page it is on. Only page numbers
// keep that.
func frameKeys(end, line string, page int) []string {
	text := strings.TrimSpace(line)
	if len(text) >= 200 {
		return nil
	}
	at := frameNumber.FindAllStringIndex(text, -1)
	if len(at) == 0 {
		return []string{end + ":" + text}
	}
	keys := []string{end + ":" + text}
	for _, m := range [][]int{at[0], at[len(at)-1]} {
		n, _ := strconv.Atoi(text[m[0]:m[1]])
		keys = append(keys, end+":"+text[:m[0]]+"#"+strconv.Itoa(n-page)+text[m[1]:])
	}
	return keys
}

// countsPages reports whether a line says which page it is and nothing else: "7", "- 7 -",
// "Page 7 of 9", "7/9".
func countsPages(text string) bool {
	letters := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
	switch letters {
	case "", "page", "pageof", "p", "of", "seite", "seitevon", "pagesur", "página", "páginade", "pag", "pagina", "стр":
		return frameNumber.MatchString(text)
	}
	return false
}

func without(lines []string, drop []int) []string {
	gone := map[int]bool{}
	for _, at := range drop {
		gone[at] = true
	}
	out := make([]string, 0, len(lines))
	for i, l := range lines {
		if !gone[i] {
			out = append(out, l)
		}
	}
	return out
}
