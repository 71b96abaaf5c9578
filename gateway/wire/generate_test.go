package wire

import (
	"encoding/json"
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// The generators below write JSON as text, so that spellings no encoder produces occur:
// white space anywhere, needless escapes, odd numbers, lone surrogates, deep unknown
// members.

type draw struct{ *rapid.T }

func (d draw) pick(label string, options ...string) string {
	return rapid.SampledFrom(options).Draw(d.T, label)
}

func (d draw) maybe(label string) bool { return rapid.Bool().Draw(d.T, label) }

func (d draw) space() string { return d.pick("space", "", "", "", " ", "\n  ", "\t", "\r\n") }

// str is a JSON string with a random spelling.
func (d draw) str() string {
	var b strings.Builder
	b.WriteByte('"')
	for range rapid.IntRange(0, 4).Draw(d.T, "pieces") {
		if d.maybe("plain") {
			encoded, _ := json.Marshal(rapid.String().Draw(d.T, "text"))
			b.Write(encoded[1 : len(encoded)-1])
			continue
		}
		b.WriteString(d.pick("escape", `\u0061`, `\ud83d\ude00`, `\ud83d`, `\/`, `\"`, `\\`, `\n`, `\u0000`, `\u2028`, "\u2028", "😀", "é", "[1]", `\\\"`, "</script>", "}{"))
	}
	b.WriteByte('"')
	return b.String()
}

func (d draw) value(depth int) string {
	kinds := 7
	if depth == 0 {
		kinds = 4
	}
	switch rapid.IntRange(0, kinds).Draw(d.T, "kind") {
	case 0:
		return d.str()
	case 1, 2:
		return d.pick("number", "0", "-0", "1.0", "1e0", "1E+2", "0.1e-7", "12345678901234567890123", "-1.50")
	case 3, 4:
		return d.pick("literal", "true", "false", "null")
	case 5:
		return d.list(func() string { return d.value(depth - 1) })
	}
	var members []string
	for i := range rapid.IntRange(0, 3).Draw(d.T, "members") {
		members = append(members, d.member(fmt.Sprintf(`"%s%d"`, d.pick("key", "a", "é", "rag", "messages", `\u0062`, "content"), i), d.value(depth-1)))
	}
	return d.object(members)
}

func (d draw) member(name, value string) string { return name + d.space() + ":" + d.space() + value }

func (d draw) object(members []string) string { return "{" + d.join(members) + "}" }

func (d draw) list(element func() string) string {
	var elements []string
	for range rapid.IntRange(0, 3).Draw(d.T, "elements") {
		elements = append(elements, element())
	}
	return "[" + d.join(elements) + "]"
}

func (d draw) join(parts []string) string {
	for i := range parts {
		parts[i] = d.space() + parts[i] + d.space()
	}
	if len(parts) == 0 {
		return d.space()
	}
	return strings.Join(parts, ",")
}

func (d draw) shuffled(members []string) []string {
	return rapid.Permutation(members).Draw(d.T, "order")
}

func (d draw) part() string {
	switch d.pick("part", "text", "image", "odd") {
	case "text":
		return d.object(d.shuffled([]string{d.member(`"type"`, `"text"`), d.member(`"text"`, d.str())}))
	case "image":
		return d.object(d.shuffled([]string{d.member(`"type"`, `"image_url"`), d.member(`"image_url"`, `{"url":"data:image/png;base64,AAAA"}`)}))
	}
	return d.value(1)
}

func (d draw) message() string {
	members := []string{d.member(`"role"`, `"`+d.pick("role", "user", "assistant", "system", "developer", "tool", `us\u0065r`, "critic")+`"`)}
	switch d.pick("content", "string", "parts", "null", "absent", "odd") {
	case "string":
		members = append(members, d.member(`"content"`, d.str()))
	case "parts":
		members = append(members, d.member(`"c\u006fntent"`, d.list(d.part)))
	case "null":
		members = append(members, d.member(`"content"`, "null"))
	case "odd":
		members = append(members, d.member(`"content"`, d.pick("odd", "7", "{}", "true")))
	}
	if d.maybe("extra") {
		members = append(members, d.member(`"name"`, d.value(2)))
	}
	return d.object(d.shuffled(members))
}

// request is a chat completion request. control is the raw value of its rag member, ""
// when it has none.
func (d draw) request() (body, control string) {
	members := []string{d.member(`"messages"`, d.list(d.message)), d.member(`"model"`, d.str())}
	if d.maybe("control") {
		control = d.value(2)
		members = append(members, d.member(d.pick("spelling", `"rag"`, `"r\u0061g"`), control))
	}
	if d.maybe("stream") {
		members = append(members, d.member(`"stream"`, d.pick("streaming", "true", "false", "null")))
	}
	for i := range rapid.IntRange(0, 3).Draw(d.T, "unknown") {
		members = append(members, d.member(fmt.Sprintf(`"unknown%d"`, i), d.value(3)))
	}
	return d.space() + d.object(d.shuffled(members)) + d.space(), control
}
