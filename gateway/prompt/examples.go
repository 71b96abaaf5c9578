package prompt

import (
	"strconv"
	"strings"
)

// ParseExample reads an example from a document, given its text and metadata. It is, in
// this order: the metadata question and answer; the text as the question and the metadata
// answer; or a text of "Q: …" and, on a later line, "A: …". It is false for anything else.
//
// The second form finds best, because the question alone is then what is searched.
func ParseExample(text string, metadata map[string]any) (Example, bool) {
	question, _ := metadata["question"].(string)
	answer, _ := metadata["answer"].(string)
	if isBlank(question) && !isBlank(answer) {
		question = text
	}
	if isBlank(answer) {
		question, answer = splitExample(text)
	}
	e := Example{User: strings.TrimSpace(question), Assistant: strings.TrimSpace(answer)}
	return e, e.User != "" && e.Assistant != ""
}

func splitExample(text string) (question, answer string) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")), "Q:")
	if !ok {
		return "", ""
	}
	question, answer, _ = strings.Cut(rest, "\nA:")
	return question, answer
}

func isBlank(s string) bool { return strings.TrimSpace(s) == "" }

const (
	openExample  = "<<<example "
	closeExample = "<<<end example "
)

// fenced are examples that come from documents, as data.
func fenced(examples []Example, nonce string) string {
	if len(examples) == 0 {
		return ""
	}
	blocks := make([]string, len(examples))
	for i, e := range examples {
		mark := strconv.Itoa(i+1) + " " + nonce + endFence
		e.User, e.Assistant = neutral(e.User, nonce), neutral(e.Assistant, nonce)
		blocks[i] = openExample + mark + "\n" + e.text() + "\n" + closeExample + mark
	}
	return dynamicFound + "\n\n" + strings.Join(blocks, "\n\n")
}
