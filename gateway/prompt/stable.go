package prompt

import "strings"

// stable is the text that is the same in every request under the profile.
func (p Profile) stable() string {
	return sections(
		p.Instructions,
		under(voiceHeading, p.Voice),
		under(rulesHeading, bullets(p.Rules)),
		p.Wording.Grounding,
		p.Reasoning.text(),
		p.dynamicNotice(),
		written(p.Examples),
	)
}

// Speaks reports whether the profile asks for anything besides how sources are used. One
// that does not leaves a request without sources as it is.
func (p Profile) Speaks() bool {
	p.Wording.Grounding = " " // not counted, and not filled in
	return p.stable() != "" || len(p.Variables) > 0
}

func (p Profile) dynamicNotice() string {
	if p.Dynamic.Collection == "" {
		return ""
	}
	return dynamicNotice
}

// sections joins those that are not empty by a blank line.
func sections(texts ...string) string {
	kept := texts[:0]
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" {
			kept = append(kept, t)
		}
	}
	return strings.Join(kept, "\n\n")
}

// under puts a heading above a text, if there is one.
func under(heading, text string) string {
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	return heading + "\n" + text
}

// bullets writes a list; further lines of an item are indented.
func bullets(items []string) string {
	var b strings.Builder
	for _, item := range items {
		b.WriteString("- " + strings.ReplaceAll(strings.TrimSpace(item), "\n", "\n  ") + "\n")
	}
	return b.String()
}

// written are examples as a conversation.
func written(examples []Example) string {
	if len(examples) == 0 {
		return ""
	}
	turns := make([]string, len(examples))
	for i, e := range examples {
		turns[i] = e.text()
	}
	return examplesHeading + "\n\n" + strings.Join(turns, "\n\n")
}

func (e Example) text() string {
	return "User: " + strings.TrimSpace(e.User) + "\nAssistant: " + strings.TrimSpace(e.Assistant)
}
