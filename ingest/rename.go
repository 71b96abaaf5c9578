package ingest

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
)

// findRenames tells which of the new documents are vanished ones under another name: they
// have the same bytes. Only a file that has the size of a vanished one is read for that.
func (p *planner) findRenames(ctx context.Context, vanished []*knownDocument) error {
	if len(vanished) == 0 {
		return nil
	}
	byHash := map[string][]*knownDocument{}
	sizes := map[int64]bool{}
	for _, k := range vanished {
		byHash[k.hash] = append(byHash[k.hash], k)
		sizes[k.size] = true
	}
	renamed := 0
	for _, en := range p.plan.Entries {
		if en.Action != Add || en.Item.Hash == "" && !sizes[en.Item.Size] {
			continue
		}
		hash := en.Item.Hash
		if hash == "" {
			var err error
			if hash, err = hashOf(ctx, en.Item); ctx.Err() != nil {
				return ctx.Err()
			} else if err != nil {
				continue // it will fail when it is read
			}
		}
		if k := takeNamed(byHash, hash, en.Item.URI); k != nil {
			k.moved, en.From = true, k.uri
			renamed++
		}
	}
	if renamed > 0 && !p.e.o.Prune {
		p.plan.Notes = append(p.plan.Notes, fmt.Sprintf(
			"%d new documents are stored ones under another name; --prune removes them under the old one", renamed))
	}
	return nil
}

// takeNamed takes a document of this hash out of the map, one of the same base name first:
// folders are renamed more often than files.
func takeNamed(byHash map[string][]*knownDocument, hash, uri string) *knownDocument {
	same := byHash[hash]
	if len(same) == 0 {
		return nil
	}
	i := max(0, slices.IndexFunc(same, func(k *knownDocument) bool { return path.Base(k.uri) == path.Base(uri) }))
	k := same[i]
	byHash[hash] = slices.Delete(same, i, i+1)
	return k
}

// findHolders notes which stored documents may have the bytes of those that are to be
// written, by their hash: whoever reads the bytes looks them up.
func (p *planner) findHolders() {
	sizes := map[int64]bool{}
	for _, en := range p.plan.Entries {
		if en.Action == Add || en.Action == Change {
			sizes[en.Item.Size] = true
		}
	}
	if len(sizes) == 0 {
		return
	}
	p.plan.holders = map[string]string{}
	for _, k := range p.known {
		if sizes[k.size] || sizes[-1] {
			p.plan.holders[k.hash] = cmp.Or(p.plan.holders[k.hash], k.id)
		}
	}
}
