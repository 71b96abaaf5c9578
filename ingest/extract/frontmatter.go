package extract

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/pelletier/go-toml/v2"
)

// maxFrontMatter is far above any real one; YAML aliases make larger ones a bomb.
const maxFrontMatter = 64 << 10

// unreadable stands for an access list that is there and cannot be read. It is no
// principal, so that the document is refused; as text, it would be open to everyone.
const unreadable = "in front matter that cannot be read"

// frontMatter cuts the metadata block off the beginning of a Markdown text: YAML between
// "---" lines or TOML between "+++" lines. What does not parse as a mapping is text, with
// an unreadable access list if it seems to have one.
func frontMatter(text string) (fields map[string]any, body string) {
	for _, k := range []struct {
		fence string
		parse func([]byte, any) error
	}{{"---", parseYAML}, {"+++", toml.Unmarshal}} {
		head, rest, ok := fenced(text, k.fence)
		if head == "" {
			continue
		}
		if !ok || len(head) > maxFrontMatter || k.parse([]byte(head), &fields) != nil || len(fields) == 0 {
			if listsReaders.MatchString(head) {
				return map[string]any{aclField: unreadable}, text
			}
			return nil, text
		}
		return fields, rest
	}
	return nil, text
}

const aclField = "acl"

var listsReaders = regexp.MustCompile(`(?im)^[ \t]*["']?acl["']?[ \t]*[:=]`)

// parseYAML refuses aliases: a few nested ones expand to gigabytes.
func parseYAML(data []byte, v any) error {
	for l := range strings.Lines(string(data)) {
		if _, value, ok := strings.Cut(l, ":"); ok && strings.HasPrefix(strings.TrimSpace(value), "*") {
			return fmt.Errorf("alias in front matter")
		}
	}
	return yaml.Unmarshal(data, v)
}

// fenced cuts text after the line that closes its first. When none does, head is what
// follows the first line up to an empty one, and ok false.
func fenced(text, fence string) (head, rest string, ok bool) {
	first, after, ok := strings.Cut(text, "\n")
	if !ok || strings.TrimRight(first, " \t") != fence {
		return "", "", false
	}
	at := 0
	for l := range strings.Lines(after) {
		if strings.TrimRight(l, " \t\n") == fence {
			return after[:at], after[at+len(l):], true
		}
		at += len(l)
	}
	head, _, _ = strings.Cut(after, "\n\n")
	return head, "", false
}

// setFields records front matter: scalars, and lists of one type of them. Tables inside
// tables are left out, filters could not reach them.
func (w *writer) setFields(fields map[string]any) {
	for k, v := range fields {
		k = strings.ToLower(inline(k))
		if k == "title" {
			w.title(fmt.Sprint(v))
			continue
		}
		if k == aclField {
			w.readers(v)
			continue
		}
		w.set(k, fieldValue(v))
	}
}

// readers records an access list as it stands there: what is dropped from it, or all of
// it, would open the document.
func (w *writer) readers(v any) {
	if _, taken := w.out.Metadata[aclField]; taken {
		v = unreadable // "acl" and "ACL"
	}
	if v != nil {
		w.out.Metadata[aclField] = v
	}
}

func fieldValue(v any) any {
	switch t := v.(type) {
	case string:
		return t
	case bool, float64:
		return t
	case int64:
		return float64(t)
	case uint64:
		return float64(t)
	case int:
		return float64(t)
	case time.Time:
		return t.UTC().Format(time.RFC3339)
	case fmt.Stringer: // TOML's local dates
		return t.String()
	case []any:
		var list []any
		for _, e := range t {
			if s, ok := fieldValue(e).(string); ok {
				list = append(list, s)
			}
		}
		if len(list) == len(t) && len(list) > 0 {
			return list
		}
	}
	return nil
}
