package local

import (
	"maps"
	"slices"

	"ragway/retriever"
)

// masks are those of the parts.
func (x *index) masks(scope retriever.Scope, filter *retriever.Filter) []bitset {
	masks := make([]bitset, len(x.parts))
	for i, p := range x.parts {
		masks[i] = p.mask(scope, filter)
	}
	return masks
}

// restrict takes from the masks every chunk of a document that is not at one of rows.
func (x *index) restrict(masks []bitset, rows []int64) {
	for i, p := range x.parts {
		among := newBitset(p.chunks())
		for _, row := range rows {
			if d, found := p.find(row); found {
				among.setRange(int(p.first[d]), int(p.first[d+1]))
			}
		}
		if masks[i] != nil {
			among.and(masks[i])
		}
		masks[i] = among
	}
}

// mask is the set of p's chunks that the scope and the filter allow; nil: all.
func (p *part) mask(scope retriever.Scope, filter *retriever.Filter) bitset {
	documents := p.allowed(scope, filter)
	if documents == nil {
		return p.liveChunks
	}
	if p.oneEach {
		return documents
	}
	chunks := newBitset(p.chunks())
	documents.each(func(d uint32) { chunks.setRange(int(p.first[d]), int(p.first[d+1])) })
	return chunks
}

// allowed is the set of live documents that the scope and the filter allow; nil: all of
// p's documents that live.
func (p *part) allowed(scope retriever.Scope, filter *retriever.Filter) bitset {
	visible := p.visible(scope)
	if filter == nil && visible == nil {
		return nil
	}
	out := visible
	if filter != nil {
		matching := p.match(filter)
		if out == nil {
			out = matching
		} else {
			out.and(matching)
		}
	}
	if p.live != nil {
		out.and(p.live)
	}
	return out
}

// visible is the set of documents the scope allows, see retriever.Scope.Allows; nil: all.
func (s *segment) visible(scope retriever.Scope) bitset {
	if scope.IsOperator() {
		return nil
	}
	out := newBitset(s.documents())
	if scope.Tenant == "" {
		return out
	}
	own := s.tenants.equal(scope.Tenant)
	everyone := len(s.principals.documents) == 0 // no access list has anyone on it
	switch {
	case len(own) == 0:
		return out
	case s.oneTenant && everyone:
		return nil
	case s.oneTenant:
		out.setRange(0, s.documents())
	default:
		for _, d := range own {
			out.set(d)
		}
	}
	if everyone {
		return out
	}
	readable := slices.Clone(s.public)
	for _, principal := range scope.Principals {
		for _, d := range s.principals.equal(principal) {
			readable.set(d)
		}
	}
	out.and(readable)
	return out
}

// fields are the names of the metadata fields of the documents that the scope may see.
func (x *index) fields(scope retriever.Scope) []string {
	names := map[string]bool{}
	for _, p := range x.parts {
		allowed := p.allowed(scope, nil)
		seen := func(d uint32) bool { return allowed == nil || allowed.has(d) }
		for name, f := range p.fields {
			if slices.ContainsFunc(f.strings.documents, seen) || slices.ContainsFunc(f.numbers.documents, seen) {
				names[name] = true
			}
		}
	}
	return slices.Collect(maps.Keys(names))
}

// match is the set of documents that the filter matches. The filter has been validated.
func (s *segment) match(f *retriever.Filter) bitset {
	out := newBitset(s.documents())
	switch f.Op {
	case retriever.OpAnd:
		out = fullBitset(s.documents())
		for i := range f.Filters {
			out.and(s.match(&f.Filters[i]))
		}
		return out
	case retriever.OpOr:
		for i := range f.Filters {
			out.or(s.match(&f.Filters[i]))
		}
		return out
	}
	s.compare(f, func(documents []uint32) {
		for _, d := range documents {
			out.set(d)
		}
	})
	if f.Op == retriever.OpNe || f.Op == retriever.OpNin {
		out.invert(s.documents())
	}
	return out
}

// compare passes to add the documents that have a value the comparison is about; for ne
// and nin, those to be left out.
func (s *segment) compare(f *retriever.Filter, add func([]uint32)) {
	x := s.fields[f.Key]
	if x == nil {
		return // no document of this segment has the field
	}
	equal := func(v any) {
		if text, ok := v.(string); ok {
			add(x.strings.equal(text))
			return
		}
		add(x.numbers.equal(number(v)))
	}
	switch f.Op {
	case retriever.OpEq, retriever.OpNe:
		equal(f.Value)
	case retriever.OpIn, retriever.OpNin:
		for _, v := range f.Values {
			equal(v)
		}
	default:
		if text, ok := f.Value.(string); ok {
			if at, ok := retriever.ParseDate(text); ok {
				add(inRange(&x.dates, f.Op, at.UnixMicro()))
			}
			return
		}
		add(inRange(&x.numbers, f.Op, number(f.Value)))
	}
}

// inRange are the documents with a value in the range.
func inRange[V int64 | float64](x *values[V], op retriever.FilterOp, bound V) []uint32 {
	if op == retriever.OpGt || op == retriever.OpGte {
		return x.greater(bound, op == retriever.OpGte)
	}
	return x.less(bound, op == retriever.OpLte)
}
