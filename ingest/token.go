package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"ragway/retriever"
)

const tokenKind = "token"

// token is a state record by document ID: the Item.Token that came with the bytes a
// document was made from. It is no part of the document, as another token for the same
// bytes must not write a new version, and no part of the offer for the same reason.
//
// Hash binds it to those bytes: the record is written after its document, and one that a
// crash, a failed write or a deletion left behind stands for nothing.
type token struct {
	Token string `json:"token"`
	Hash  string `json:"hash"`
}

// loadTokens gives the known documents theirs.
func (p *planner) loadTokens(ctx context.Context) error {
	if len(p.known) == 0 {
		return nil
	}
	records, err := p.e.o.Store.Records(ctx, p.e.o.Collection, tokenKind)
	if err != nil {
		return fmt.Errorf("tokens: %w", err)
	}
	for _, r := range records {
		k := p.known[r.Key]
		if k == nil {
			continue
		}
		var t token
		if err := json.Unmarshal(r.Value, &t); err != nil {
			return fmt.Errorf("token of %s: %w", k.uri, err)
		}
		if t.Hash == k.hash {
			k.token = t.Token
		}
	}
	return nil
}

// tokens are what a Revalidator is told: no token where the bytes are wanted anyway.
func (p *planner) tokens() (map[string]string, error) {
	own, err := p.e.cutter(retriever.Chunking{})
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(p.known))
	for _, k := range p.known {
		switch {
		case k.tenant != p.e.tenant():
		case p.e.o.Checksum, madeBy(k.pipeline) != p.e.pipeline(k.mime, own):
			out[k.uri] = ""
		default:
			out[k.uri] = k.token
		}
	}
	return out, nil
}

// renewToken notes an item's token for a document that has the same bytes under another.
func (p *planner) renewToken(it Item, known *knownDocument) error {
	if it.Token == "" || it.Token == known.token {
		return nil
	}
	r, err := p.e.tokenRecord(known.id, it.Token, known.hash)
	p.plan.tokens = append(p.plan.tokens, r)
	return err
}

func (e *Engine) tokenRecord(id, value, hash string) (retriever.Record, error) {
	v, err := json.Marshal(token{value, hash})
	return retriever.Record{Collection: e.o.Collection, Kind: tokenKind, Key: id, Value: v}, err
}

// putState writes records, of what is told in an error, as many at once as documents.
func (e *Engine) putState(ctx context.Context, what string, records []retriever.Record) error {
	for some := range slices.Chunk(records, e.o.Limits.PutDocuments) {
		if err := e.o.Store.PutRecords(ctx, some...); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

// keepTokens writes those of documents that have been stored.
func (e *Engine) keepTokens(ctx context.Context, group []*pending) error {
	var records []retriever.Record
	for _, p := range group {
		if p.entry.Item.Token == "" {
			continue
		}
		r, err := e.tokenRecord(p.up.Document.ID, p.entry.Item.Token, p.up.Document.Hash)
		if err != nil {
			return err
		}
		records = append(records, r)
	}
	return e.putState(ctx, "tokens", records)
}

// clearTokens removes those of documents that have been deleted.
func (e *Engine) clearTokens(ctx context.Context, deleted []*Entry) error {
	var keys []string
	for _, en := range deleted {
		if en.Item.Token != "" {
			keys = append(keys, en.DocumentID)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	if err := e.o.Store.DeleteRecords(ctx, e.o.Collection, tokenKind, keys...); err != nil {
		return fmt.Errorf("tokens: %w", err)
	}
	return nil
}
