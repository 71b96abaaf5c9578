package retriever_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"ragway/retriever"
)

// gatedEmbedder lets each call wait for its turn, and then fail or answer.
type gatedEmbedder struct {
	mu    sync.Mutex
	asked [][]string
	gates chan error
}

func (*gatedEmbedder) Fingerprint() retriever.Fingerprint {
	return retriever.Fingerprint{Model: "gated", Dimension: 2}
}

func (e *gatedEmbedder) Embed(ctx context.Context, _ retriever.TextKind, texts []string) ([]retriever.Vector, error) {
	e.mu.Lock()
	e.asked = append(e.asked, texts)
	e.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case err := <-e.gates:
		if err != nil {
			return nil, err
		}
	}
	out := make([]retriever.Vector, len(texts))
	for i := range out {
		out[i] = retriever.Vector{1, 0}
	}
	return out, nil
}

type embedded struct {
	vectors []retriever.Vector
	err     error
}

func TestTextsUnderWayAreNotAskedForTwice(t *testing.T) {
	down := errors.New("down")
	tests := map[string]struct {
		gates      []error // of the calls in turn
		calls      int
		first, got error
	}{
		"the first call answers for both": {[]error{nil, nil}, 2, nil, nil},
		"its failure is its own":          {[]error{down, nil, nil}, 3, down, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				inner := &gatedEmbedder{gates: make(chan error)}
				e := retriever.NewCachingEmbedder(inner, &mapCache{}, retriever.CachingOptions{})
				embed := func(texts ...string) chan embedded {
					done := make(chan embedded, 1)
					go func() {
						v, err := e.Embed(t.Context(), retriever.DocumentText, texts)
						done <- embedded{v, err}
					}()
					synctest.Wait()
					return done
				}
				first := embed("a", "b")
				second := embed("b", "c")
				for _, gate := range tt.gates {
					inner.gates <- gate
					synctest.Wait()
				}
				a, b := <-first, <-second
				if !errors.Is(a.err, tt.first) || !errors.Is(b.err, tt.got) || len(b.vectors) != 2 {
					t.Errorf("first %v, second %v with %d vectors", a.err, b.err, len(b.vectors))
				}
				if len(inner.asked) != tt.calls {
					t.Errorf("asked %q", inner.asked)
				}
				if flat := slices.Concat(inner.asked[:2]...); !slices.Equal(flat, []string{"a", "b", "c"}) {
					t.Errorf("asked %q", flat)
				}
			})
		})
	}
}

func TestWhoWaitsForAnothersTextCanLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &gatedEmbedder{gates: make(chan error)}
		e := retriever.NewCachingEmbedder(inner, &mapCache{}, retriever.CachingOptions{})
		first := make(chan error, 1)
		go func() {
			_, err := e.Embed(t.Context(), retriever.DocumentText, []string{"a"})
			first <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		second := make(chan error, 1)
		go func() {
			_, err := e.Embed(ctx, retriever.DocumentText, []string{"a"})
			second <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-second; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		inner.gates <- nil
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}
