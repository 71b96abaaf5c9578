package extract

import (
	"fmt"
	"regexp"
	"strings"

	"ragway/ingest"
)

// delimiterOf is the sign of a line that opens or closes a block; "" for other lines.
func delimiterOf(l string) string {
	l = strings.TrimRight(l, " ")
	switch {
	case l == "--":
		return "--"
	case strings.HasPrefix(l, "```"):
		return "`"
	case len(l) >= 4 && l[0] != ',' && l[0] != ':' && l[1:] == "===" && strings.ContainsRune("|!", rune(l[0])), l == ",===", l == ":===":
		return l
	case len(l) >= 4 && strings.ContainsRune("-.=*_+/", rune(l[0])) && strings.Trim(l, l[:1]) == "":
		return l[:1]
	}
	return ""
}

// delimited reads a block between two lines of signs; 0 where none begins. One that is
// never closed goes on to the end.
func (x *asciidoc) delimited(lines []string, depth int) (int, error) {
	sign := delimiterOf(lines[0])
	if sign == "" {
		return 0, nil
	}
	end := 1
	for end < len(lines) && strings.TrimRight(lines[end], " ") != closing(lines[0]) {
		end++
	}
	body := lines[1:end]
	n := min(end+1, len(lines))
	switch sign {
	case "/":
	case "-", ".", "`":
		x.w.block(ingest.Block{Kind: ingest.Code}, fence(strings.Trim(strings.Join(body, "\n"), "\n"), ""))
	case "+":
		x.w.paragraphs(ingest.Block{Kind: ingest.Paragraph}, textOfHTML(strings.Join(body, "\n")))
	case "=", "*", "_", "--":
		return n, x.compound(body, depth)
	default:
		x.table(sign, body)
	}
	return n, nil
}

func closing(l string) string {
	if strings.HasPrefix(l, "```") {
		return "```"
	}
	return strings.TrimRight(l, " ")
}

// compound reads a block of blocks: an example, a sidebar, a quote, an admonition.
func (x *asciidoc) compound(body []string, depth int) error {
	attrs := x.attrs
	x.attrs, x.listed = blockAttrs{}, false
	if attrs.isCode() {
		x.w.block(ingest.Block{Kind: ingest.Code}, fence(strings.Join(body, "\n"), ""))
		return nil
	}
	if attrs.style == "verse" {
		x.w.block(ingest.Block{Kind: ingest.Paragraph}, x.inline(strings.Join(body, "\n")))
	} else {
		if label := attrs.label(); label != "" && len(body) > 0 {
			body = append([]string{label + body[0]}, body[1:]...)
		}
		if err := x.blocks(body, depth+1); err != nil {
			return err
		}
	}
	if (attrs.style == "quote" || attrs.style == "verse") && len(attrs.rest) > 0 {
		x.w.block(ingest.Block{Kind: ingest.Paragraph}, "— "+x.inline(strings.Join(attrs.rest, ", ")))
	}
	return nil
}

var (
	adocName     = regexp.MustCompile(`\{([A-Za-z0-9_][\w-]*)\}`)
	adocFootnote = regexp.MustCompile(`footnote:[\w-]*\[([^\]]*)\]`)
	adocMacro    = regexp.MustCompile(`\b(?:(?:https?|ftp|irc|mailto)://?[^\s\[\]]+|(?:link|xref|mailto):[^\s\[\]]*|(?:kbd|btn|pass|stem|latexmath|asciimath|abbr):[^\s\[\]]*|menu:[^\[\]]*)\[([^\]]*)\]`)
	adocImage    = regexp.MustCompile(`\b(?:image|icon):[^\s\[\]]+\[[^\]]*\]`)
	adocCross    = regexp.MustCompile(`<<[^<>,]+(?:,\s*([^<>]+))?>>`)
	adocAnchor   = regexp.MustCompile(`\[\[[^\]]*\]\]|anchor:\S+?\[[^\]]*\]|\(\(\([^()]*\)\)\)|indexterm:\[[^\]]*\]`)
	adocIndexed  = regexp.MustCompile(`\(\(([^()]+)\)\)`)
	adocRole     = regexp.MustCompile(`\[[\w.#-]+\]([#*_]+)`)
	adocDouble   = regexp.MustCompile("(\\*\\*|__|``|##|\\+\\+\\+|\\+\\+)(\\S|\\S.*?\\S)(?:\\*\\*|__|``|##|\\+\\+\\+|\\+\\+)")
	adocSingle   = regexp.MustCompile(`(^|[^\w*_#\\])([*_#])(\S|\S[^*_#\n]*?\S)[*_#]([^\w*_#]|$)`)
	adocEscaped  = regexp.MustCompile(`\\([*_#{\[<` + "`" + `])`)
)

// inline takes the marks off running text: what is shown stays.
func (x *asciidoc) inline(s string) string {
	s = x.named(s)
	s = adocFootnote.ReplaceAllStringFunc(s, func(m string) string {
		text := adocFootnote.FindStringSubmatch(m)[1]
		if text == "" || len(x.notes) >= 10_000 {
			return ""
		}
		x.notes = append(x.notes, inline(text))
		return fmt.Sprintf("[^%d]", len(x.notes))
	})
	s = adocAnchor.ReplaceAllString(s, "")
	s = adocIndexed.ReplaceAllString(s, "$1")
	s = adocImage.ReplaceAllString(s, "")
	s = adocMacro.ReplaceAllStringFunc(s, shownOf)
	s = adocCross.ReplaceAllStringFunc(s, func(m string) string {
		if text := adocCross.FindStringSubmatch(m)[1]; text != "" {
			return text
		}
		return strings.Trim(m, "<>#")
	})
	s = adocRole.ReplaceAllString(s, "$1")
	s = adocDouble.ReplaceAllString(s, "$2")
	for range 2 { // what parts two marks is a part of both
		s = adocSingle.ReplaceAllString(s, "$1$3$4")
	}
	return adocEscaped.ReplaceAllString(s, "$1")
}

// shownOf is what a macro shows: its text, else what it points to.
func shownOf(m string) string {
	target, text, _ := strings.Cut(strings.TrimSuffix(m, "]"), "[")
	text, _, _ = strings.Cut(text, ",window=")
	text = strings.Trim(strings.TrimSuffix(text, "^"), `"`)
	if kind, path, ok := strings.Cut(target, ":"); ok && kind == "menu" {
		return strings.Trim(path+" > "+text, " >")
	}
	if text != "" {
		return text
	}
	return strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(target, "link:"), "xref:"), "mailto:")
}

// named puts in the values of attributes. One in another's value was put in when that was
// set, so no text grows beyond a thousand times its length.
func (x *asciidoc) named(s string) string {
	return adocName.ReplaceAllStringFunc(s, func(m string) string {
		if v, ok := x.names[strings.ToLower(m[1:len(m)-1])]; ok {
			return v
		}
		switch m {
		case "{nbsp}", "{sp}", "{zwsp}", "{empty}":
			return " "
		}
		return m
	})
}
