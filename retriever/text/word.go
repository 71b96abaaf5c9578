package text

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// profile is how an Analyzer reads words.
type profile struct {
	languages []*language // more than one where it is not known which
	surface   bool        // index the words themselves besides their stems
}

// draft collects the terms of a word, and those that a query asks for where they differ.
type draft struct {
	terms, query []string
	differ       bool
}

// add takes a term; asked tells whether queries have it as well.
func (d *draft) add(term string, asked bool) {
	if term = cut(term); term == "" {
		return
	}
	if !asked && !d.differ {
		d.query, d.differ = slices.Clone(d.terms), true
	}
	d.terms = append(d.terms, term)
	if asked && d.differ {
		d.query = append(d.query, term)
	}
}

func (d *draft) word(raw string) *word {
	if !d.differ {
		d.query = d.terms
	}
	return &word{raw: raw, terms: d.terms, query: d.query}
}

// analyze makes the terms of one word or, for the scripts cut into grams, of one run.
func (p *profile) analyze(raw string, class runeClass) *word {
	d := &draft{}
	switch class {
	case classEmoji:
		d.add(emoji(raw), false)
	case classWord:
		for rest := raw; rest != ""; {
			var piece string
			piece, rest = nextPiece(rest)
			p.compound(d, respell(piece))
		}
	default:
		p.part(d, raw)
	}
	return d.word(raw)
}

// nextPiece is the part of w to analyse at once, and what remains.
func nextPiece(w string) (piece, rest string) {
	if len(w) <= maxTermBytes {
		return w, ""
	}
	piece = cut(w)
	if n := strings.LastIndexFunc(piece, isJoint); n > 0 {
		return w[:n], w[n+1:]
	}
	rest = w[len(piece):]
	if n := strings.IndexFunc(rest, isJoint); n >= 0 {
		return piece, rest[n:]
	}
	return piece, ""
}

// compound makes the terms of a word with or without signs inside: of an identifier,
// itself and those of its segments; the path src/main.go is also found as main.go. Two
// parts with a hyphen are one word as well, as some write them: e-mail, IL-6.
func (p *profile) compound(d *draft, raw string) {
	if terms := numberTerms(raw); terms != nil {
		for _, t := range terms {
			d.add(t, true)
		}
		return
	}
	fields := splitJoints(raw)
	switch {
	case len(fields) == 0:
		return
	case len(fields) == 1 && raw[0] != '.':
		p.field(d, fields[0])
		return
	case isAcronym(raw, fields):
		d.add(p.fold(strings.Join(fields, "")), true)
		return
	}
	if isIdentifier(raw, fields) {
		d.add(p.fold(trimJoints(raw)), true)
	}
	if joined, ok := strings.CutPrefix(raw, fields[0]+"-"); ok && len(fields) == 2 && joined == fields[1] && isASCII(raw) {
		p.simple(d, fields[0]+fields[1])
	}
	if segments := splitSegments(raw); len(segments) > 1 {
		for _, s := range segments {
			p.compound(d, s)
		}
		return
	}
	for _, f := range fields {
		p.field(d, f)
	}
}

// field makes the terms of a word without joints: itself, and what its signs, scripts and
// capitals part.
func (p *profile) field(d *draft, w string) {
	if name := strings.TrimRight(w, "+#"); name != w {
		d.add(p.fold(w), true)
		w = name
	}
	if isASCII(w) {
		p.letters(d, w)
		return
	}
	parts := splitScripts(w)
	mixed := slices.ContainsFunc(parts, isGrammed)
	if len(parts) > 1 && !mixed {
		p.simple(d, w)
	}
	for _, part := range parts {
		if len(parts) == 1 || mixed || utf8.RuneCountInString(part) > 1 {
			p.part(d, part)
		}
	}
}

// part makes the terms of a run in one script.
func (p *profile) part(d *draft, w string) {
	r, _ := utf8.DecodeRuneInString(w)
	switch classOfRune(r) {
	case classHan:
		addHan(d, p.fold(w))
	case classComplex:
		addComplex(d, p.fold(w))
	case classHangul:
		addHangul(d, p.fold(w))
	default:
		p.letters(d, w)
	}
}

func (p *profile) letters(d *draft, w string) {
	p.simple(d, w)
	for _, hump := range humps(w) {
		p.simple(d, hump)
	}
	for _, run := range numbered(w) {
		d.add(p.fold(run), true)
	}
}

// simple makes the terms of a word without inner structure: one for each spelling that
// the languages give it.
func (p *profile) simple(d *draft, w string) {
	languages := p.languages
	if p.surface {
		languages = append(slices.Clip(languages), &unknown)
	}
	from, asked := len(d.terms), true
	for _, l := range languages {
		term, stop := l.forScript(w).term(w)
		asked = asked && (!stop || isShouted(w))
		if !slices.Contains(d.terms[from:], term) {
			d.add(term, asked)
		}
	}
	if name := afterPrefix(w); name != "" {
		if term, _ := languages[0].term(name); !slices.Contains(d.terms[from:], term) {
			d.add(term, asked)
		}
	}
}

// fold is the spelling of a term that is not stemmed.
func (p *profile) fold(s string) string {
	if p.surface {
		return unknown.finish(unknown.fold(s))
	}
	return p.languages[0].finish(p.languages[0].fold(s))
}

// afterPrefix is Neill of O'Neill and eau of l'eau: the name is searched for without what
// stands before it. It is "" where there is none.
func afterPrefix(w string) string {
	before, after, ok := strings.Cut(w, "'")
	if !ok || len(before) > 2 || !isASCII(before) || len(after) < 3 || strings.Contains(after, "'") {
		return ""
	}
	return after
}

// isShouted reports whether w is two or more capitals, as the names IT, WHO and US are.
func isShouted(w string) bool {
	n := 0
	for _, r := range w {
		if !unicode.IsUpper(r) {
			return false
		}
		n++
	}
	return n > 1
}
