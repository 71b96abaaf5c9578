package retriever

import (
	"slices"
	"strings"
)

// completed is a turn with what it leaves to earlier ones.
type completed struct {
	text  string
	fills []fill // in the order of the text
	frame bool   // they are what the last question asked, of something new: "And contractors?"
}

// fill is a topic that a turn was completed with.
type fill struct {
	topic    *topic
	word, to int // the words of the turn whose place it takes; -1: none
	replaced string
}

func (c completed) completions() []Completion {
	var out []Completion
	for _, f := range c.fills {
		out = append(out, Completion{Text: f.topic.text, For: f.replaced, Turn: f.topic.turn})
	}
	return out
}

// complete puts topics in the place of pronouns and of names cut short or, where the turn
// has none and leans on what came before, behind it.
func (t *topics) complete(r reading) completed {
	if len(r.words) == 0 || len(t.all) == 0 {
		return completed{text: r.text}
	}
	fills, points := t.resolve(r)
	if !points && len(fills) == 0 {
		for _, e := range t.missing(r) {
			fills = append(fills, fill{topic: e, word: -1})
		}
	}
	frame := len(fills) > 0 && fills[0].word < 0 && r.leans() == onFrame
	return completed{text: r.splice(fills, t.tongue.substitutes), fills: fills, frame: frame}
}

// standsAlone reports whether a turn can be completed with nothing, whatever was said before:
// most questions, for which the conversation then need not be read.
func (r reading) standsAlone() bool {
	if len(r.words) == 0 {
		return true
	}
	for i := range r.words {
		if r.pointer(i) != noKind {
			return false
		}
	}
	if r.tongue.substitutes && slices.ContainsFunc(r.phrases, phrase.mayBeShort) {
		return false
	}
	return r.leans() == stands
}

// mayBeShort reports whether a phrase can be short for one said in full before.
func (p phrase) mayBeShort() bool { return p.proper || p.definite && !p.name }

// resolve finds what pronouns and shortened names mean, each topic once, and reports
// whether there is any pronoun at all.
func (t *topics) resolve(r reading) (fills []fill, points bool) {
	for i := 0; i < len(r.words); i++ {
		w := r.words[i]
		points = points || !r.remarks[w.sentence] && w.kind != noKind && w.kind != somewhere && !w.is(head) && (!w.is(determiner) || r.alone(i))
		e, to := t.fuller(r, i)
		if e == nil {
			e, to = t.antecedent(r, i), i
		}
		if e == nil || slices.ContainsFunc(fills, func(f fill) bool { return f.topic == e }) {
			continue
		}
		fills = append(fills, fill{topic: e, word: i, to: to, replaced: r.text[w.start:r.words[to].end]})
		i = to
	}
	return fills, points
}

func (t *topics) antecedent(r reading, i int) *topic {
	if k := r.pointer(i); k != noKind {
		return t.best(k, r)
	}
	return nil
}

// fuller is the topic that a phrase at word i is short for, and the phrase's last word: a
// name said in full before, or "the experiment" after "the Stanford Experiment".
func (t *topics) fuller(r reading, i int) (*topic, int) {
	if !t.tongue.substitutes {
		return nil, 0
	}
	for _, p := range r.phrases {
		if p.from != i {
			continue
		}
		for _, e := range t.all {
			short := p.mayBeShort() && (p.definite && !p.name || e.proper && !slices.Contains(e.key, "and"))
			if short && !e.model && len(e.key) > len(p.key) && same(&p, &e.phrase) {
				return e, p.to
			}
		}
	}
	return nil, 0
}

// missing are the topics that a turn without pronouns leaves out.
func (t *topics) missing(r reading) []*topic {
	switch r.leans() {
	case onFrame:
		var out []*topic
		for _, e := range t.frame {
			if !shares(r, e) && !slices.Contains(out, e) {
				out = append(out, e)
			}
		}
		return out[:min(len(out), mostOfFrame)]
	case onTopic:
		if e := t.best(noKind, r); e != nil && !shares(r, e) {
			return []*topic{e}
		}
	}
	return nil
}

const mostOfFrame = 3 // phrases of the last question that a follow-up takes over

// splice writes the turn with its fills, those without a place at its end.
func (r reading) splice(fills []fill, substitute bool) string {
	var b, tail strings.Builder
	at := 0
	for _, f := range fills {
		if f.word < 0 || !substitute {
			tail.WriteString(" " + f.topic.text)
			continue
		}
		b.WriteString(r.text[at:r.words[f.word].start])
		b.WriteString(r.inPlace(f))
		at = r.words[f.to].end
	}
	b.WriteString(r.text[at:])
	return b.String() + tail.String()
}

// inPlace is the topic as it stands in the place of a word.
func (r reading) inPlace(f fill) string {
	w := r.words[f.word]
	text := f.topic.text
	if r.tongue.unspaced || w.kind == noKind {
		return text
	}
	if f.topic.definite && !w.is(head) {
		text = "the " + text
	}
	if w.kind == somewhere {
		text = "in " + text
	}
	if w.is(possessive) && f.word+1 < len(r.words) && !r.words[f.word+1].parted && (inside(r.words, f.word+1) || r.words[f.word+1].is(light) || r.words[f.word+1].lower == "most") {
		text += "'s"
	}
	return text
}
