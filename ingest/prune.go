package ingest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// prune adds the deletions, of documents that are the source's own, that it no longer
// has and that cannot be behind something it could not read.
func (p *planner) prune(ctx context.Context) error {
	var vanished []*knownDocument
	own, kept, moved := 0, 0, 0
	for _, k := range p.known {
		if !p.speaksFor(k) || !p.covers(k.uri) {
			continue
		}
		own++
		switch {
		case k.seen:
		case p.guarded(k.uri, true):
			kept++
		default:
			vanished = append(vanished, k)
		}
	}
	p.plan.Vanished = len(vanished)
	if kept > 0 {
		p.plan.Notes = append(p.plan.Notes, fmt.Sprintf("%d stored documents were not seen and are kept: a part of %s could not be read", kept, p.plan.Source))
	}
	slices.SortFunc(vanished, func(a, b *knownDocument) int { return cmp.Compare(a.uri, b.uri) })
	if err := p.findRenames(ctx, vanished); err != nil || !p.e.o.Prune {
		return err
	}
	for _, k := range vanished {
		p.plan.Entries = append(p.plan.Entries, deletion(k))
		if k.moved {
			moved++ // nothing is lost
		}
	}
	if (len(vanished)-moved)*2 > own && !p.e.o.Force {
		p.plan.refused = &PruneRefused{Prefix: p.plan.Prefix, Vanished: len(vanished) - moved, Known: own}
		return p.plan.refused
	}
	return nil
}

// speaksFor reports whether the document's tenant is one of those of this source.
func (p *planner) speaksFor(k *knownDocument) bool {
	return p.tenants[k.tenant] || p.e.o.Tenant == "" && namedTenant(k.pipeline)
}

func deletion(k *knownDocument) *Entry {
	return &Entry{Action: Delete, Item: Item{URI: k.uri, Size: k.size, Token: k.token}, DocumentID: k.id, offer: offer{Tenant: k.tenant}, stored: true}
}

// covers reports whether the document is one of the source's, or in one. "docs/a" is a
// prefix of "docs/ab" without covering it.
func (p *planner) covers(uri string) bool {
	return p.offers(p.outermost(uri))
}

func (p *planner) offers(uri string) bool {
	if c, ok := p.src.(Coverer); ok {
		return c.Covers(uri)
	}
	prefix := p.src.Prefix()
	if strings.HasSuffix(prefix, "/") || strings.HasSuffix(prefix, "#") {
		return strings.HasPrefix(uri, prefix)
	}
	return uri == prefix
}

// guarded reports whether uri, something above it, or, if torn counts, the file it is a
// record of could not be read. Nothing may be missed of a source that ended early.
func (p *planner) guarded(uri string, torn bool) bool {
	if p.guards[uri] || p.plan.incomplete != nil {
		return true
	}
	for i := range len(uri) {
		if uri[i] != '/' && uri[i] != '#' {
			continue
		}
		if above := uri[:i+1]; p.guards[above] || torn && p.torn[above] {
			return true
		}
	}
	return false
}

// findObsolete collects the ledger's failures of documents that the source no longer has
// or that are as they should be. Of a torn file, the lines that fail now are all there is.
func (p *planner) findObsolete() {
	for key, f := range p.failed {
		if !f.seen && p.tenants[f.record.Tenant] && p.covers(f.record.URI) && !p.guarded(f.record.URI, false) {
			p.plan.obsolete = append(p.plan.obsolete, key)
		}
	}
	slices.Sort(p.plan.obsolete)
}
