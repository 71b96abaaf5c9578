package extract

import (
	"fmt"
	"strconv"
	"strings"

	"ragway/ingest"
)

// rtfSigns are the control words that stand for a sign.
var rtfSigns = map[string]string{
	"tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "emspace": " ", "enspace": " ", "qmspace": " ", "bullet": "•",
	"lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "zwj": "\u200D", "zwnj": "\u200C", "nestcell": " ",
}

// rtfApart are the groups whose text is no part of the document's: tables of the file,
// pictures, what repeats on every page, the codes of fields, remarks.
var rtfApart = map[string]bool{
	"colortbl": true, "pict": true, "objdata": true, "objclass": true, "header": true, "headerl": true, "headerr": true, "headerf": true,
	"footer": true, "footerl": true, "footerr": true, "footerf": true, "fldinst": true, "bkmkstart": true, "bkmkend": true,
	"themedata": true, "colorschememapping": true, "datastore": true, "listtable": true, "listoverridetable": true, "rsidtbl": true,
	"latentstyles": true, "generator": true, "xmlnstbl": true, "revtbl": true, "filetbl": true, "annotation": true, "atnid": true,
	"atnauthor": true, "comment": true, "ftnsep": true, "ftnsepc": true, "aftnsep": true, "aftnsepc": true, "nonshppict": true,
	"pnseclvl": true, "template": true, "operator": true, "company": true, "manager": true, "category": true, "hlinkbase": true,
	"doccomm": true, "printim": true, "buptim": true, "xe": true, "tc": true, "sp": true, "mmathPr": true,
}

// rtfCharsets are the code pages of fonts by their \fcharset.
var rtfCharsets = map[int]int{
	77: 10000, 128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256, 186: 1257,
	204: 1251, 222: 874, 238: 1250,
}

// word does what a control word says. Most say how text looks.
func (r *rtf) word(w string, n int, hasN bool) {
	if w == "u" && hasN {
		r.unicode(n)
		return
	}
	r.flush()
	r.mute = 0
	if w == "bin" {
		r.at = min(len(r.in), r.at+max(0, n))
		return
	}
	ignorable := r.state.dest == "*"
	if r.destination(w) || r.charState(w, n, hasN) || r.tables(w, n) {
		if ignorable && r.state.dest == "*" {
			r.state.dest = "-"
		}
		return
	}
	if ignorable {
		r.state.dest = "-" // a group that its writer lets readers skip if they do not know it
		return
	}
	if r.state.dest != "" {
		return
	}
	r.layout(w, n)
}

// destination sends the text of a group elsewhere.
func (r *rtf) destination(w string) bool {
	in := r.state.dest
	switch {
	case rtfApart[w]:
		r.state.dest = "-"
	case in == "-":
	case w == "fonttbl", w == "stylesheet":
		r.state.dest = w
	case w == "info":
		r.state.dest = "info:-"
	case in == "info:-":
		r.state.dest = "info:" + w
	case w == "listtext", w == "pntext":
		r.state.dest = "mark"
	case w == "footnote" && r.state.note == nil:
		r.state.note, r.state.dest = &strings.Builder{}, ""
	case w == "shpinst", w == "shptxt", w == "ud", w == "upr" && in == "*":
		r.state.dest = ""
	case w == "upr": // the same text twice: here for readers without Unicode, then in \ud
		r.state.dest = "-"
	default:
		return false
	}
	return true
}

// charState is what a group can set for its characters.
func (r *rtf) charState(w string, n int, hasN bool) bool {
	switch w {
	case "uc":
		r.state.skip = max(0, min(n, 16))
	case "f":
		r.state.font = n
	case "v", "deleted":
		r.state.hidden = !hasN || n != 0
	case "plain":
		r.state.hidden, r.state.font = false, 0
	case "ansicpg":
		r.ansi = n
	case "mac":
		r.ansi = 10000
	default:
		return false
	}
	return true
}

// tables are the entries of what stands at a file's head.
func (r *rtf) tables(w string, n int) bool {
	switch {
	case strings.HasPrefix(r.state.dest, "info:") && (w == "yr" || w == "mo" || w == "dy"):
		r.info[r.state.dest[5:]+w] = strconv.Itoa(n)
	case r.state.dest == "fonttbl" && w == "fcharset":
		r.fonts[r.state.font] = rtfCharsets[n]
	case r.state.dest == "stylesheet" && w == "s", r.state.dest == "stylesheet" && w == "cs":
		r.state.style = n
	case r.state.dest == "stylesheet" && w == "outlinelevel" && n >= 0 && n < 9:
		r.styles[r.state.style] = n + 1
	default:
		return false
	}
	return true
}

// layout makes paragraphs and tables.
func (r *rtf) layout(w string, n int) {
	if sign, ok := rtfSigns[w]; ok {
		r.put(sign)
		return
	}
	if r.state.note != nil {
		if w == "par" {
			r.put(" ")
		}
		return
	}
	switch w {
	case "par", "sect", "page":
		r.endParagraph()
	case "pard":
		if strings.TrimSpace(r.par.text.String()) == "" {
			r.par.mark.Reset()
		}
		r.par.level, r.par.inTable = 0, false
	case "s":
		r.par.level = r.styles[n]
	case "outlinelevel":
		if n >= 0 && n < 9 {
			r.par.level = n + 1
		}
	case "intbl":
		r.par.inTable = true
	case "cell":
		r.row = append(r.row, r.par.mark.String()+r.par.text.String())
		r.par.text.Reset()
		r.par.mark.Reset()
	case "row":
		if r.table == nil {
			r.table = &table{}
		}
		r.table.add(r.row)
		r.row = nil
	}
}

func (r *rtf) endParagraph() {
	text, mark := r.par.text.String(), inline(r.par.mark.String())
	if r.par.inTable {
		if text != "" {
			r.par.text.WriteByte(' ') // a paragraph inside a cell
		}
		return
	}
	r.par.text.Reset()
	r.par.mark.Reset()
	r.endTable()
	switch {
	case strings.TrimSpace(text) == "":
	case r.par.level > 0:
		if r.first == "" {
			r.first = inline(text)
		}
		level := min(r.par.level, 6)
		r.w.block(ingest.Block{Kind: ingest.Heading, Level: level}, strings.Repeat("#", level)+" "+strings.TrimSpace(mark+" "+inline(text)))
	case mark != "":
		put := r.w.block
		if r.listed {
			put = r.w.line
		}
		put(ingest.Block{Kind: ingest.List}, listMark(mark)+" "+inline(text))
	default:
		r.w.block(ingest.Block{Kind: ingest.Paragraph}, text)
	}
	if strings.TrimSpace(text) != "" {
		r.listed = mark != "" && r.par.level == 0 && len(r.notes) == 0
	}
	for _, n := range r.notes {
		r.w.block(ingest.Block{Kind: ingest.Paragraph}, n)
	}
	r.notes = nil
}

// listMark is a bullet as Markdown writes it, and a number as it stands.
func listMark(mark string) string {
	if strings.ContainsAny(mark, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") && mark != "o" {
		return mark
	}
	return "-"
}

func (r *rtf) endTable() {
	if len(r.row) > 0 {
		r.word("row", 0, false)
	}
	if r.table != nil {
		r.table.write(r.w, 0)
		r.table = nil
	}
}

// endNote puts a mark where a footnote hangs, and the note after the paragraph.
func (r *rtf) endNote(text string) {
	if text == "" {
		return
	}
	r.noted++
	fmt.Fprintf(&r.par.text, "[^%d]", r.noted)
	r.notes = append(r.notes, fmt.Sprintf("[^%d]: %s", r.noted, text))
}
