package builtin

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

func newEmbedder(t testing.TB) *Embedder {
	t.Helper()
	e, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func embed(t testing.TB, texts ...string) []retriever.Vector {
	t.Helper()
	v, err := newEmbedder(t).Embed(context.Background(), retriever.DocumentText, texts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNoticeNamesTheTableItGoesWith(t *testing.T) {
	e := newEmbedder(t)
	if !strings.Contains(e.Notice(), e.table.name) || !strings.Contains(e.Notice(), "Apache-2.0") {
		t.Errorf("of table %s the notice says:\n%s", e.table.name, e.Notice())
	}
}

func TestGoldenCases(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Text   string
			Tokens []int32
			Vector []float64
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) == 0 {
		t.Fatal("no cases")
	}
	e := newEmbedder(t)
	for _, c := range golden.Cases {
		tok := tokenizer{table: e.table}
		tok.run(c.Text)
		if diff := cmp.Diff(c.Tokens, append([]int32{}, tok.rows...)); diff != "" {
			t.Errorf("tokens of %.60q (-want +got)\n%s", c.Text, diff)
		}
		v := embed(t, c.Text)[0]
		zero := true
		for _, x := range c.Vector {
			zero = zero && x == 0
		}
		if zero != (v == nil) {
			t.Errorf("%.60q: vector %v, want none: %v", c.Text, v != nil, zero)
			continue
		}
		for i := range v {
			if math.Abs(float64(v[i])-c.Vector[i]) > 1e-3 {
				t.Errorf("%.60q: dimension %d is %v, want %v", c.Text, i, v[i], c.Vector[i])
				break
			}
		}
	}
}
