package rerank

import (
	"bytes"
	"errors"
	"fmt"
	"math"
)

// ErrBadReply is an answer that claims success and does not give every passage exactly one
// finite score.
var ErrBadReply = errors.New("bad reply")

// parse reads the scores of n passages from a reply and puts them in the order of the passages.
func parse(s Shape, body []byte, n int) ([]float64, error) {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return nil, fmt.Errorf("%w: the answer is empty", ErrBadReply)
	case isPage(body):
		return nil, fmt.Errorf("%w: a web page came back", ErrBadReply)
	}
	results, err := s.results(body)
	if err != nil {
		return nil, fmt.Errorf("%w: unreadable answer: %w", ErrBadReply, err)
	}
	if results == nil {
		return nil, fmt.Errorf("%w: no scores came back in the shape %q%s", ErrBadReply, s, colon(messageOf(body)))
	}
	scores, err := s.inOrder(results, n)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadReply, err)
	}
	return scores, nil
}

func (s Shape) inOrder(results []result, n int) ([]float64, error) {
	if len(results) != n {
		return nil, fmt.Errorf("%d scores came back for %d passages", len(results), n)
	}
	scores, seen := make([]float64, n), make([]bool, n)
	for i, r := range results {
		switch {
		case r.Index == nil:
			return nil, fmt.Errorf("result %d has no index", i)
		case *r.Index < 0 || *r.Index >= n:
			return nil, fmt.Errorf("index %d came back for %d passages", *r.Index, n)
		case seen[*r.Index]:
			return nil, fmt.Errorf("index %d came back twice", *r.Index)
		}
		score := s.score(r)
		if score == nil || math.IsNaN(*score) || math.IsInf(*score, 0) {
			return nil, fmt.Errorf("index %d came back without a score", *r.Index)
		}
		scores[*r.Index], seen[*r.Index] = *score, true
	}
	return scores, nil
}

func isPage(body []byte) bool { return bytes.HasPrefix(body, []byte("<")) }

func colon(message string) string {
	if message == "" {
		return ""
	}
	return ": " + message
}
