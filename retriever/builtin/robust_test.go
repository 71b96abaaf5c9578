package builtin

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

func TestTextsBeyondTheTableHaveNoVector(t *testing.T) {
	for name, text := range map[string]string{
		"empty":            "",
		"blank":            " \n\t",
		"Chinese":          "今天天气很好,我们去公园散步。",
		"Russian":          "Привет, мир! Как дела сегодня?",
		"Arabic":           "صحفي وإعلامي سعودي",
		"controls":         "\x00\x01\x7f\ufffd",
		"word over 100":    strings.Repeat("ab", 51),
		"broken UTF-8":     "\xff\xfe\xfd",
		"half one of four": "hello мир мир мир",
	} {
		if v := embed(t, text)[0]; v != nil {
			t.Errorf("%s: a vector, want none", name)
		}
	}
}

func TestVectorsAreUnitLength(t *testing.T) {
	for _, text := range []string{"a", "1984", "hello мир", strings.Repeat("long text about oceans ", 5000), "e\u0301te\u0301"} {
		v := embed(t, text)[0]
		if err := v.Check(Dimension); err != nil {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// The integer sum must be what plain floats give, far beyond one flush.
func TestSumEqualsFloatSum(t *testing.T) {
	table := newEmbedder(t).table
	tok := tokenizer{table: table}
	tok.run(strings.Repeat("the quick brown fox, whitest of 3 retrievers; ", 60))
	if len(tok.rows) <= flushAfter {
		t.Fatalf("%d rows, want more than %d", len(tok.rows), flushAfter)
	}
	var want [Dimension]float64
	for _, r := range tok.rows {
		scale := float64(table.step[r]) * table.unit
		for j := range Dimension / 2 {
			b := table.rows[int(r)*Dimension/2+j]
			want[2*j] += scale * (float64(b&15) - 8)
			want[2*j+1] += scale * (float64(b>>4) - 8)
		}
	}
	length := 0.0
	for _, x := range want {
		length += x * x
	}
	for i, x := range table.sum(tok.rows) {
		if math.Abs(float64(x)-want[i]/math.Sqrt(length)) > 1e-6 {
			t.Fatalf("dimension %d is %v, want %v", i, x, want[i]/math.Sqrt(length))
		}
	}
}

func TestFingerprintNamesTheRows(t *testing.T) {
	want := retriever.Fingerprint{Model: "static-minilm-256-i4@7a554a731df3", Dimension: 256}
	got := newEmbedder(t).Fingerprint()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !got.IsStatic() {
		t.Error("not known as a static table")
	}
}

func TestCancelledCallReturnsPrefix(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	v, err := newEmbedder(t).Embed(ctx, retriever.QueryText, []string{"a"})
	if !errors.Is(err, context.Canceled) || len(v) != 0 {
		t.Errorf("%d vectors and %v", len(v), err)
	}
}

func TestConcurrentCallsAgree(t *testing.T) {
	want := embed(t, benchText)[0]
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got := embed(t, benchText)[0]; !cmp.Equal(got, want) {
				t.Error("another vector")
			}
		})
	}
	wg.Wait()
}

func TestDamagedFilesAreRefused(t *testing.T) {
	flip := func(at int) string {
		b := []byte(file)
		b[at] ^= 1
		return string(b)
	}
	for name, tt := range map[string]struct{ file, want string }{
		"another format": {"RIFF" + file[4:], "not an RWSE file"},
		"empty":          {"", "not an RWSE file"},
		"version":        {flip(4), "version"},
		"header length":  {file[:8] + "\xff\xff\xff\x7f" + file[12:], "header of"},
		"header":         {flip(12), "header"},
		"cut":            {file[:len(file)/2], "outside the file"},
		"vocab":          {flip(960 + 5), "section vocab: damaged"},
		"rows":           {flip(960 + 326400 + 999), "section rows: damaged"},
	} {
		if _, err := parse(tt.file); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tt.want)
		}
	}
}

// FuzzEmbed: any text gives a unit vector or none, the same each time.
func FuzzEmbed(f *testing.F) {
	for _, s := range []string{"", "Café", "北京 hello", "\xff a", "a\u200bb", "İ", "½ …", strings.Repeat("x", 101), "ﬁ \u0301", "한국 hi", "\U0001F600 ok"} {
		f.Add(s)
	}
	e := newEmbedder(f)
	f.Fuzz(func(t *testing.T, s string) {
		v, rows := e.table.embed(s, nil)
		if again, _ := e.table.embed(s, rows); !cmp.Equal(v, again) {
			t.Fatal("another vector the second time")
		}
		if v == nil {
			return
		}
		if err := v.Check(Dimension); err != nil {
			t.Fatal(err)
		}
	})
}
