package retriever

import "strings"

// topics is what a conversation is about so far, in the way of Lappin and Leass (1994):
// what is said weighs something, what a pronoun was found to mean weighs most, and all
// weights shrink with each turn of the person, so that the latest topic leads unless an
// earlier one keeps coming up.
type topics struct {
	tongue *tongue
	all    []*topic
	frame  []*topic // those of the last user turn, in its order
}

type topic struct {
	phrase
	turn   int
	weight float64
}

// Set on cast2019 and half of CANARD. None is critical: word F1 moves by less than .003
// over half to twice each value.
const (
	shrink        = .6
	said          = 1.0
	named         = .5  // more, for a name
	introduced    = 1.0 // more, for what a turn does nothing but name
	overshadowed  = .5  // times, for all others then
	minorShare    = .3  // times, for what is asked for or belongs to another phrase
	aspectShare   = .3  // times, for what is said in a question that leans on another topic
	meant         = 1.5 // for what a pronoun means
	leanedOn      = .5  // for what a question without a pronoun was completed with
	saidByModel   = .3  // names alone
	modelSubject  = .3  // more, for one that begins a sentence
	modelAnswer   = .5  // more, for one that a short answer begins with
	shortAnswer   = 8   // words
	modelPhrases  = 12  // so many are looked at; the answer stands at the beginning
	wrongKind     = .1  // times, for what a pronoun hardly means: "he" and a thing
	pluralBonus   = .3  // more, for "they" and a plural
	repeatedShare = .1  // times, for a phrase whose words the question has
	modelShare    = .3  // times, for a name that only the model said, unless a person or a group is meant
)

// hear takes in a turn. A person's turn is completed first, for what it means counts.
func (t *topics) hear(i int, turn Turn) {
	r := t.tongue.read(turn.Text)
	if !turn.User {
		t.hearModel(i, r)
		return
	}
	for _, e := range t.all {
		e.weight *= shrink
	}
	c := t.complete(r)
	if r.topic >= 0 {
		for _, e := range t.all {
			e.weight *= overshadowed
		}
	}
	t.frame = nil
	for _, f := range c.fills {
		if f.word < 0 {
			t.frame = append(t.frame, f.topic)
		}
	}
	for k, p := range r.phrases {
		t.frame = append(t.frame, t.add(i, p, weigh(p, k == r.topic, len(c.fills) > 0 && !c.frame)))
	}
	for _, f := range c.fills {
		if f.word >= 0 {
			f.topic.weight += meant
			t.frame = append(t.frame, f.topic)
		} else if !c.frame {
			f.topic.weight += leanedOn
		}
	}
}

func weigh(p phrase, introduces, leans bool) float64 {
	w := said
	if p.name {
		w += named
	}
	if introduces {
		w += introduced
	}
	if p.subject {
		w += .5
	}
	if p.minor {
		w *= minorShare
	}
	if leans && !introduces {
		w *= aspectShare
	}
	return w
}

// hearModel takes in the names of a model's turn.
func (t *topics) hearModel(i int, r reading) {
	if !t.tongue.names {
		return
	}
	for k, p := range r.phrases[:min(modelPhrases, len(r.phrases))] {
		from, to := properPart(r.words, p)
		if from > to {
			continue
		}
		p = t.tongue.phrase(r.text, r.words, from, to)
		if dates[p.key[0]] || strings.ContainsAny(p.text[:1], "0123456789") {
			continue
		}
		p.name, p.proper, p.model = true, true, true
		w := saidByModel
		if r.words[from].first {
			w += modelSubject
		}
		if k == 0 && len(r.words) <= shortAnswer {
			w += modelAnswer
		}
		t.add(i, p, w)
	}
}

// properPart is the first run of words in p that are written as names.
func properPart(words []token, p phrase) (from, to int) {
	from = p.from
	for from <= p.to && !words[from].capital() {
		from++
	}
	to = from
	for to < p.to && (words[to+1].capital() || to+2 <= p.to && words[to+1].is(join) && words[to+2].capital()) {
		to++
	}
	if from > p.to {
		return 1, 0
	}
	return from, to
}

func (t *topics) add(turn int, p phrase, weight float64) *topic {
	for _, e := range t.all {
		if !same(&p, &e.phrase) {
			continue
		}
		if len(p.key) > len(e.key) && (p.name || !e.name) {
			e.text, e.key, e.definite, e.turn = p.text, p.key, p.definite, turn
		}
		e.name, e.proper = e.name || p.name, e.proper || p.proper
		e.model, e.placed = e.model && p.model, e.placed && p.placed
		e.weight += weight
		return e
	}
	e := &topic{phrase: p, turn: turn, weight: weight}
	t.all = append(t.all, e)
	return e
}

// best is the topic that a pronoun of kind k most likely means in the question, nil if
// there is none. The earlier one wins a tie.
func (t *topics) best(k kind, question reading) *topic {
	var best *topic
	highest := 0.0
	for _, e := range t.all {
		w := e.weight * e.fit(k)
		if k == group && e.plural {
			w += pluralBonus
		}
		if k != noKind && shares(question, e) {
			w *= repeatedShare
		}
		if w > highest {
			best, highest = e, w
		}
	}
	return best
}

// fit is how well a topic suits a pronoun of kind k, as a factor.
func (e *topic) fit(k kind) float64 {
	f := 1.0
	if e.placed != (k == somewhere) {
		f *= .5
	}
	if k == somewhere && !e.name {
		f *= minorShare
	}
	if e.model && (k == noKind || k == thing) {
		f *= modelShare
	}
	if k == person && !e.human() {
		f *= wrongKind
		if !e.name {
			f *= wrongKind
		}
	}
	return f
}

// shares reports whether the question has a word of the topic.
func shares(r reading, e *topic) bool {
	for _, w := range r.words {
		for _, k := range e.key {
			if equalWord(k, w.lower) {
				return true
			}
		}
	}
	return false
}
