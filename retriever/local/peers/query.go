package main

import (
	"slices"
	"strings"

	"ragway/retriever"
)

// query is a question that one document answers.
type query struct {
	Text   string // 3 to 6 different words of the document, no stop words
	Vector retriever.Vector
}

func (c *corpus) query(number int) query {
	rng := stream(streamQuery, number)
	document := rng.IntN(c.size)
	words := contentWords(c.text(document))
	rng.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	return query{
		Text:   strings.Join(distinct(words, 3+rng.IntN(4)), " "),
		Vector: c.space.asking(rng, c.vector(document)),
	}
}

// contentWords are the words of a passage but the stop words, with repeats: what is said
// often is asked often.
func contentWords(text string) []string {
	var out []string
	for w := range strings.FieldsSeq(strings.ToLower(text)) {
		if w = strings.TrimSuffix(w, "."); !slices.Contains(stopWords, w) {
			out = append(out, w)
		}
	}
	return out
}

// distinct are the first n different words.
func distinct(words []string, n int) (out []string) {
	for _, w := range words {
		if len(out) < n && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}
