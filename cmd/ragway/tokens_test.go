package main

import "testing"

func TestBudgetsAreCountedAsTheModelCounts(t *testing.T) {
	const text = "Überraschenderweise zählt jede Familie anders: 人工智能, naïve, 1234567."
	o200k, cl100k := tokenizers["o200k_base"](text), tokenizers["cl100k_base"](text)
	if o200k == cl100k {
		t.Fatal("the text does not tell the vocabularies apart")
	}
	for model, want := range map[string]int{
		"gpt-4o-mini": o200k, "gpt-4.1": o200k, "gpt-5": o200k, "o3-mini": o200k, "openai/gpt-4o": o200k, "gpt-oss:20b": o200k,
		"gpt-4-turbo": cl100k, "gpt-3.5-turbo": cl100k,
		"claude-sonnet-4-5": (o200k*12 + 9) / 10, "llama3.1": (o200k*12 + 9) / 10, "": (o200k*12 + 9) / 10,
	} {
		if got := countFor(model)(text); got != want {
			t.Errorf("%q: %d tokens, want %d", model, got, want)
		}
	}
}
