package retriever

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"
)

// MaxQueryRunes is where a query is cut; what follows would only dilute it.
const MaxQueryRunes = 4000

// plan fills in defaults and bounds the query's texts. It notes what the asker may not
// expect.
func (e *Engine) plan(q Query) (Query, []string) {
	var notes []string
	if len(q.Collections) == 0 {
		q.Collections = []string{DefaultCollection}
	}
	if q.Mode == "" {
		q.Mode = Hybrid
	}
	if q.Mode == Full && q.Raw {
		q.Mode = Hybrid
		notes = append(notes, "whole documents have no ranking: the hybrid one is shown")
	}
	if q.K == 0 {
		q.K = e.opt.K
	}
	if q.Depth == 0 {
		q.Depth = e.opt.Depth
	}
	q.Depth = max(q.Depth, q.K)
	if cut := cutRunes(q.Text, MaxQueryRunes); len(cut) < len(q.Text) {
		q.Text = cut
		notes = append(notes, fmt.Sprintf("the query was cut to its first %d characters", MaxQueryRunes))
	}
	q.Hypothetical = cutRunes(q.Hypothetical, MaxQueryRunes)
	variants := make([]string, 0, len(q.Variants))
	for _, v := range q.Variants {
		if v != "" && v != q.Text {
			variants = append(variants, cutRunes(v, MaxQueryRunes))
		}
	}
	q.Variants = variants
	return q, notes
}

// wordings are the texts to search for, the question itself first.
func (q Query) wordings() []string { return append([]string{q.Text}, q.Variants...) }

// collections resolves the names, each once. It fails on the first the Scope does not
// allow or that does not exist; those that Query.SkipMissing speaks of are left out.
func (e *Engine) collections(ctx context.Context, q Query) ([]space, error) {
	var out []space
	seen := map[string]bool{}
	for _, name := range q.Collections {
		if seen[name] {
			continue
		}
		seen[name] = true
		if !q.Scope.AllowsCollection(name) {
			return nil, fmt.Errorf("collection %q: %w", name, ErrCollectionNotFound)
		}
		settings, err := e.opt.Store.Settings(ctx, q.Scope, name)
		switch missing := errors.Is(err, ErrCollectionNotFound); {
		case missing && (q.SkipMissing || name == DefaultCollection):
			continue
		case missing: // stores name the collection as well
			return nil, fmt.Errorf("collection %q: %w", name, ErrCollectionNotFound)
		case err != nil:
			return nil, fmt.Errorf("collection %q: %w", name, err)
		}
		out = append(out, space{name: name, fingerprint: settings.Fingerprint})
	}
	return out, nil
}

// cutRunes returns the first n runes of s.
func cutRunes(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
