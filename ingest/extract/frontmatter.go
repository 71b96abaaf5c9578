package extract

import (
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/pelletier/go-toml/v2"
)

// maxFrontMatter is far above any real one; YAML aliases make larger ones a bomb.
const maxFrontMatter = 64 << 10

// frontMatter cuts the metadata block off the beginning of a Markdown text: YAML between
// "---" lines or TOML between "+++" lines. What does not parse as a mapping is text.
func frontMatter(text string) (fields map[string]any, body string) {
	for _, k := range []struct {
		fence string
		parse func([]byte, any) error
	}{{"---", parseYAML}, {"+++", toml.Unmarshal}} {
		head, rest, ok := fenced(text, k.fence)
		if !ok || len(head) > maxFrontMatter {
			continue
		}
		if err := k.parse([]byte(head), &fields); err != nil || len(fields) == 0 {
			return nil, text
		}
		return fields, rest
	}
	return nil, text
}

// parseYAML refuses aliases: a few nested ones expand to gigabytes.
func parseYAML(data []byte, v any) error {
	for l := range strings.Lines(string(data)) {
		if _, value, ok := strings.Cut(l, ":"); ok && strings.HasPrefix(strings.TrimSpace(value), "*") {
			return fmt.Errorf("alias in front matter")
		}
	}
	return yaml.Unmarshal(data, v)
}

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
	return "", "", false
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
		w.set(k, fieldValue(v))
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
