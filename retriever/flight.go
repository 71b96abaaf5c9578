package retriever

import (
	"context"
	"sync"
)

// flights are the texts that are being embedded.
type flights struct {
	mu     sync.Mutex
	byText map[string]*flight
}

// A flight is a call that embeds texts. Its vectors may be read once it is done.
type flight struct {
	done    chan struct{}
	vectors map[string]Vector
}

// passenger is a text on another call's flight.
type passenger struct {
	text   string
	flight *flight
}

// board tells the texts that nobody is embedding, which are then the caller's own until it
// lands, from those that somebody is. The probe is always the caller's own.
func (f *flights) board(texts []string) (own *flight, mine []string, others []passenger) {
	own = &flight{done: make(chan struct{})}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byText == nil {
		f.byText = map[string]*flight{}
	}
	for _, text := range texts {
		if other := f.byText[text]; other != nil && text != ProbeText {
			others = append(others, passenger{text, other})
			continue
		}
		mine = append(mine, text)
		if text != ProbeText {
			f.byText[text] = own
		}
	}
	return own, mine, others
}

// land ends a flight, whatever became of its texts.
func (f *flights) land(own *flight, texts []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, text := range texts {
		if f.byText[text] == own {
			delete(f.byText, text)
		}
	}
	close(own.done)
}

// wait returns the text's vector, which is missing where the other call did not get so far.
// A nil vector is one, too: the text has no embedding.
func (p passenger) wait(ctx context.Context) (v Vector, ok bool, err error) {
	select {
	case <-ctx.Done():
		return nil, false, ctx.Err()
	case <-p.flight.done:
	}
	v, ok = p.flight.vectors[p.text]
	return v, ok, nil
}
