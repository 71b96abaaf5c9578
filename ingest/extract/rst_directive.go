package extract

import (
	"regexp"
	"strings"

	"ragway/ingest"
)

var (
	footnoteTarget = regexp.MustCompile(`^\[([^\]\s]{1,100})\] *(.*)$`)
	directive      = regexp.MustCompile(`^([A-Za-z][\w.+:-]*?)::(?: +(.*))?$`)
)

// explicit reads what begins with two dots: a footnote, a directive, or a comment.
func (x *rst) explicit(lines []string, depth int) (int, error) {
	head := strings.TrimSpace(strings.TrimPrefix(lines[0], ".."))
	body, used := indented(lines[1:], 1)
	if len(lines) > 1 && blank(lines[1]) && head == "" {
		return 1, nil // an empty comment does not reach over an empty line
	}
	if m := footnoteTarget.FindStringSubmatch(head); m != nil {
		text := strings.Join(append([]string{m[2]}, body...), " ")
		x.w.block(ingest.Block{Kind: ingest.Paragraph}, "[^"+strings.TrimLeft(m[1], "#*")+"]: "+inline(x.inline(text)))
		return 1 + used, nil
	}
	var err error
	if m := directive.FindStringSubmatch(head); m != nil {
		err = x.directive(m[1], m[2], body, depth)
	}
	return 1 + used, err
}

// directive writes the content of a directive for what it is. An unknown one has its
// arguments and its content read as text.
func (x *rst) directive(name, args string, body []string, depth int) error {
	options, body := directiveOptions(body)
	switch name {
	case "code", "code-block", "sourcecode", "parsed-literal", "doctest", "testcode", "testoutput", "prompt", "math", "productionlist", "graphviz", "mermaid":
		x.w.block(ingest.Block{Kind: ingest.Code}, fence(strings.Trim(strings.Join(body, "\n"), "\n"), ""))
		return nil
	case "image", "include", "literalinclude", "raw", "toctree", "contents", "index", "meta", "sectnum", "section-numbering", "header", "footer",
		"replace", "unicode", "date", "target-notes", "role", "default-role", "highlight", "currentmodule", "module", "default-domain",
		"tabularcolumns", "title", "include-as", "automodule", "autoclass", "autofunction", "bibliography", "testsetup", "testcleanup":
		return nil
	case "csv-table":
		x.caption(args)
		x.csvTable(options["header"], body)
		return nil
	case "list-table":
		x.caption(args)
		x.listTable(body)
		return nil
	case "figure", "class", "container", "only", "ifconfig", "compound", "rst-class", "toggle":
		args = ""
	case "note", "warning", "tip", "important", "hint", "caution", "danger", "attention", "error", "seealso", "versionadded", "versionchanged", "deprecated", "todo":
		args = strings.TrimSpace(strings.ToUpper(name[:1]) + name[1:] + ": " + args)
		if n := untilBlank(body); n > 0 && itemMark(body) == "" && !strings.HasPrefix(body[0], "..") {
			args += " " + strings.Join(body[:n], " ")
			body = body[n:]
		}
	}
	x.caption(args)
	return x.blocks(body, depth+1)
}

func (x *rst) caption(args string) {
	x.w.block(ingest.Block{Kind: ingest.Paragraph}, x.inline(args))
}

// directiveOptions takes the options off a directive's content.
func directiveOptions(body []string) (map[string]string, []string) {
	options := map[string]string{}
	for len(body) > 0 {
		m := fieldLine.FindStringSubmatch(body[0])
		if m == nil {
			break
		}
		options[m[1]] = m[2]
		body = body[1:]
	}
	return options, body
}

var (
	rstNumber  = regexp.MustCompile(":(pep|rfc):`(\\d+)[^`]*`")
	rstRole    = regexp.MustCompile("(?::[A-Za-z][\\w.+:-]*:)?`([^`]+)`(__?)?(?::[A-Za-z][\\w.+-]*:)?")
	rstTarget  = regexp.MustCompile(`(?s)^(.*\S)\s*<[^<>]*>$`)
	rstWord    = regexp.MustCompile(`\b([\p{L}\p{N}](?:[\p{L}\p{N}.+-]*[\p{L}\p{N}])?)__?([\s.,;:!?)\]'"]|$)`)
	rstCited   = regexp.MustCompile(`\[([#*]?[\w.-]*)\]_`)
	rstNamed   = regexp.MustCompile(`\|([^|\s][^|\n]{0,200})\|_{0,2}`)
	rstStrong  = regexp.MustCompile(`(^|[^\w*\\])\*\*?([^\s*](?:[^*]*[^\s*\\])?)\*\*?`)
	rstEscaped = regexp.MustCompile(`\\(\s|.)`)
	rstLiteral = regexp.MustCompile("``(.+?)``")
)

// inline takes the marks off running text: what is shown stays.
func (x *rst) inline(s string) string {
	var b strings.Builder
	at := 0
	for _, m := range rstLiteral.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(x.unmarked(s[at:m[0]]))
		b.WriteString("`" + s[m[2]:m[3]] + "`")
		at = m[1]
	}
	b.WriteString(x.unmarked(s[at:]))
	return b.String()
}

func (x *rst) unmarked(s string) string {
	s = rstCited.ReplaceAllStringFunc(s, func(m string) string { return "[^" + strings.Trim(m, "[]_#*") + "]" })
	s = rstNamed.ReplaceAllStringFunc(s, func(m string) string {
		name := strings.Trim(strings.TrimRight(m, "_"), "|")
		if text, ok := x.names[name]; ok {
			return text
		}
		return m
	})
	s = rstNumber.ReplaceAllStringFunc(s, func(m string) string {
		parts := rstNumber.FindStringSubmatch(m)
		return strings.ToUpper(parts[1]) + " " + parts[2]
	})
	s = rstRole.ReplaceAllStringFunc(s, func(m string) string {
		text := rstRole.FindStringSubmatch(m)[1]
		if t := rstTarget.FindStringSubmatch(text); t != nil {
			text = t[1]
		}
		return strings.TrimLeft(text, "~!")
	})
	s = rstWord.ReplaceAllString(s, "$1$2")
	s = rstStrong.ReplaceAllString(s, "$1$2")
	return rstEscaped.ReplaceAllStringFunc(s, func(m string) string {
		if strings.TrimSpace(m[1:]) == "" {
			return ""
		}
		return m[1:]
	})
}
