package ingest

import (
	"cmp"
	"context"
	"errors"
	"path"
	"slices"
	"strings"
)

// expand adds an item, and those inside it. What a container is said to be, its members
// are, too: whose they are, who may see them, where a click leads.
func (p *planner) expand(ctx context.Context, it Item) {
	holding := p.e.o.Holds(nameOf(it), it.MIME)
	if holding == HoldsText || it.RecordID != "" || it.Deleted || it.Size == 0 {
		p.add(ctx, it, nil)
		return
	}
	if p.holdsTheSame(it) {
		if holding == HoldsBoth {
			p.add(ctx, it, nil)
		}
		return
	}
	before := len(p.plan.Entries)
	found, err := p.addMembers(ctx, it)
	if err == nil && (found > 0 || holding == HoldsBoth) {
		p.open(it, p.plan.Entries[before:])
	}
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, ErrNoContainer):
		p.add(ctx, it, nil)
	case err != nil && holding == HoldsBoth && ReasonOf(err) == Corrupt && !p.holdsStored(it):
		p.add(ctx, it, nil) // its own text fails as well, and for its own reason
	case err != nil:
		p.add(ctx, it, err)
	case holding == HoldsBoth:
		p.add(ctx, it, nil)
	case found == 0:
		p.add(ctx, it, Failf(EmptyText, "nothing in it"))
	}
}

// addMembers adds those of a container up to the one at which it cannot be read further.
func (p *planner) addMembers(ctx context.Context, it Item) (found int, err error) {
	for m, err := range p.e.o.Expand(ctx, nameOf(it), it.Open) {
		if err != nil && m.Path == "" || ctx.Err() != nil {
			return found, err
		}
		p.add(ctx, memberOf(it, m, p.e.o.URLBase), err)
		found++
	}
	return found, nil
}

func memberOf(it Item, m Member, urlBase string) Item {
	return Item{
		URI: it.URI + MemberMark + m.Path, Name: path.Base(m.Path), URL: cmp.Or(it.URL, linkTo(urlBase, it)),
		Size: m.Size, ModTime: m.ModTime, Hash: m.Hash, Token: m.Token, Open: m.Open,
		Tenant: it.Tenant, Metadata: it.Metadata, ACL: it.ACL, Defaults: it.Defaults,
	}
}

// outermost is the URI of what the source itself offers: uri, or the container it is in.
// A folder may be called as if it were one.
func (p *planner) outermost(uri string) string { return outermostOf(p.src.Prefix(), uri) }

func outermostOf(prefix, uri string) string {
	rest, ok := strings.CutPrefix(uri, prefix)
	if !ok {
		return uri
	}
	item, _, _ := strings.Cut(rest, MemberMark)
	return prefix + item
}

func (p *planner) holdsStored(it Item) bool { return len(p.stored(it.URI)) > 0 }

// stored are the documents inside a container that the store has, in no order. The
// container may itself be in another.
func (p *planner) stored(uri string) []*knownDocument {
	if p.inside == nil {
		p.inside = map[string][]*knownDocument{}
		for _, k := range p.known {
			if outer := p.outermost(k.uri); outer != k.uri {
				p.inside[outer] = append(p.inside[outer], k)
			}
		}
	}
	var out []*knownDocument
	for _, k := range p.inside[p.outermost(uri)] {
		if strings.HasPrefix(k.uri, uri+MemberMark) {
			out = append(out, k)
		}
	}
	return out
}

// members are the stored documents inside a container, by URI; none where it is none.
func (p *planner) members(en *Entry) []*knownDocument {
	if en.Item.RecordID != "" || p.e.o.Holds(nameOf(en.Item), en.Item.MIME) == HoldsText {
		return nil
	}
	var out []*knownDocument
	for _, k := range p.stored(en.Item.URI) {
		if k.tenant == en.offer.Tenant && !k.seen {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b *knownDocument) int { return cmp.Compare(a.uri, b.uri) })
	return out
}

// removeMembers deletes what is stored of a container that is to go.
func (p *planner) removeMembers(en *Entry) {
	for _, k := range p.members(en) {
		k.seen = true
		p.plan.Entries = append(p.plan.Entries, deletion(k))
	}
}

// below are the stored members of a container that cannot be read, as documents that fail
// with it: what is said of its readers now must not wait until it can.
func (p *planner) below(en *Entry) []*Entry {
	var out []*Entry
	for _, k := range p.members(en) {
		out = append(out, &Entry{Action: Fail, Item: Item{URI: k.uri}, DocumentID: k.id, offer: en.offer, access: en.access, stored: true})
	}
	return out
}
