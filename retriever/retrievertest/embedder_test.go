package retrievertest

import (
	"context"
	"errors"
	"math"
	"testing"

	"ragway/retriever"
)

func TestBagOfWordsIsDeterministicAndUnit(t *testing.T) {
	texts := []string{"the quick fox", "", "fox, QUICK the!", "unrelated words"}
	e := NewEmbedder(64)
	vectors, err := e.Embed(context.Background(), retriever.DocumentText, texts)
	if err != nil || len(vectors) != len(texts) {
		t.Fatalf("%d vectors, error %v", len(vectors), err)
	}
	if vectors[1] != nil {
		t.Error("a text without words has a vector")
	}
	if err := vectors[0].Check(64); err != nil {
		t.Error(err)
	}
	if same := retriever.Dot(vectors[0], vectors[2]); same < 0.999 {
		t.Errorf("cosine of the same words %v", same)
	}
	if other := retriever.Dot(vectors[0], vectors[3]); other > 0.6 {
		t.Errorf("cosine of other words %v", other)
	}
	if e.Texts() != 4 || e.Calls() != 1 {
		t.Errorf("%d texts in %d calls, want 4 in 1", e.Texts(), e.Calls())
	}
}

func TestMisbehavingEmbeddersMisbehave(t *testing.T) {
	ctx, texts := context.Background(), []string{"a", "b", "c"}
	embed := func(e retriever.Embedder) []retriever.Vector {
		t.Helper()
		v, err := e.Embed(ctx, retriever.DocumentText, texts)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if got := len(embed(WrongCount(NewEmbedder(8)))); got != 2 {
		t.Errorf("WrongCount: %d vectors", got)
	}
	if got := len(embed(WrongDimension(NewEmbedder(8)))[0]); got != 9 {
		t.Errorf("WrongDimension: %d", got)
	}
	if v := embed(NaN(NewEmbedder(8)))[0]; !math.IsNaN(float64(v[0])) {
		t.Errorf("NaN: %v", v)
	}
	boom := errors.New("boom")
	failing := FailAfter(NewEmbedder(8), 4, boom)
	embed(failing)
	if v, err := failing.Embed(ctx, retriever.DocumentText, texts); len(v) != 1 || !errors.Is(err, boom) {
		t.Errorf("FailAfter: %d vectors, error %v", len(v), err)
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Stuck(NewEmbedder(8)).Embed(ctx, retriever.DocumentText, texts); !errors.Is(err, context.Canceled) {
		t.Errorf("Stuck: %v", err)
	}
}
