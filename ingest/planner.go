package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"ragway/retriever"
)

// Plan compares what src offers with what the store has. It reads no more of a source
// than it must: a file whose token, or else size and modification time, is the stored one
// is taken as unchanged unless Checksum is set; the rest is hashed as a stream.
//
// A prune that would delete too much is a *PruneRefused, returned with the plan, which
// may be printed and cannot be applied. Another origin under src's name is an
// *OriginConflict.
func (e *Engine) Plan(ctx context.Context, src Source) (*Plan, error) {
	p := &planner{e: e, src: src, now: e.o.Now(), guards: map[string]bool{}, torn: map[string]bool{}, fresh: map[string]bool{}, tenants: map[string]bool{e.tenant(): true}}
	p.plan = &Plan{Collection: e.o.Collection, Source: src.Name(), Prefix: src.Prefix(), src: src}
	if err := p.load(ctx); err != nil {
		return nil, fmt.Errorf("plan %s: %w", src.Name(), err)
	}
	if r, ok := src.(Revalidator); ok {
		tokens, err := p.tokens()
		if err != nil {
			return nil, err
		}
		r.Revalidate(tokens)
	}
	for it, err := range src.Items(ctx) {
		if err != nil && it.URI == "" {
			if p.plan.incomplete, _ = errors.AsType[*Incomplete](err); p.plan.incomplete != nil {
				break
			}
			return nil, fmt.Errorf("plan %s: %w", src.Name(), err)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			p.add(ctx, it, err)
			continue
		}
		p.expand(ctx, it)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	p.findObsolete()
	p.findHolders()
	return p.plan, p.prune(ctx)
}

func (e *Engine) tenant() string {
	if e.o.Tenant != "" {
		return e.o.Tenant
	}
	return retriever.DefaultTenant
}

// planner is one Plan in the making.
type planner struct {
	e       *Engine
	src     Source
	now     time.Time
	plan    *Plan
	known   map[string]*knownDocument // what the store has under the source's prefix, by ID
	fresh   map[string]bool           // IDs the source offered that the store does not have
	failed  map[string]*failedBefore  // the ledger, by document ID
	tenants map[string]bool           // whose documents this source speaks for
	guards  map[string]bool           // URIs and URI prefixes the source could not look into
	torn    map[string]bool           // "FILE#" of record files that were read in part
	byURI   map[string][]*knownDocument

	containers map[string]container        // by ID
	inside     map[string][]*knownDocument // members by the URI of their container; made when needed

	anyNamed bool // some known document said itself whose it is
}

// knownDocument is what planning needs of a stored document.
type knownDocument struct {
	id, uri, tenant string
	hash, pipeline  string
	mime            string
	size            int64
	modTime         time.Time
	token           string // of the bytes it was made from; "" when not known
	seen            bool
	moved           bool // it is there under another name
}

type failedBefore struct {
	record FailureRecord
	seen   bool
}

func (p *planner) load(ctx context.Context) (err error) {
	if p.plan.origin, err = p.e.checkOrigin(ctx, p.src); err != nil {
		return err
	}
	info, found, err := p.e.collection(ctx)
	if err != nil {
		return err
	}
	p.plan.Create, p.plan.seen = !found, info.LastIngest
	p.known = map[string]*knownDocument{}
	if found {
		for d, err := range p.e.o.Store.Documents(ctx, p.e.o.Scope, p.e.o.Collection, p.src.Prefix()) {
			if err != nil {
				return fmt.Errorf("documents under %s: %w", p.src.Prefix(), err)
			}
			p.known[d.ID] = &knownDocument{
				id: d.ID, uri: d.URI, tenant: d.Tenant, hash: d.Hash, pipeline: d.Pipeline, mime: d.MIME,
				size: d.Size, modTime: d.ModTime,
			}
			p.anyNamed = p.anyNamed || namedTenant(d.Pipeline)
		}
	}
	if err := p.loadTokens(ctx); err != nil {
		return err
	}
	if err := p.loadContainers(ctx); err != nil {
		return err
	}
	records, err := Failures(ctx, p.e.o.Store, p.e.o.Collection)
	p.failed = make(map[string]*failedBefore, len(records))
	for _, r := range records {
		p.failed[p.e.failures.key(r.Tenant, r.URI)] = &failedBefore{record: r}
	}
	return err
}

// add decides what becomes of one item.
func (p *planner) add(ctx context.Context, it Item, itemErr error) {
	offer, offerErr := p.e.offerOf(it)
	it.Metadata = offer.Metadata // plans are long: one copy is enough
	id := retriever.DocumentID(p.e.o.Collection, offer.Tenant, it.URI)
	known := p.known[id]
	en := &Entry{Item: it, DocumentID: id, offer: offer, access: offer.access(), stamp: p.stamp(it, offer), stored: known != nil}
	if f := p.failed[id]; f != nil {
		en.failed = &f.record
	}
	p.tenants[offer.Tenant] = true
	if it.Deleted && itemErr == nil {
		p.remove(en, known)
		return
	}
	switch duplicate := p.fresh[id] || known != nil && known.seen; {
	case itemErr != nil:
		p.guard(it.URI, itemErr)
		en.below = p.below(en)
		en.fail(itemErr, Unreadable)
		en.resting = p.rests(en)
	case duplicate:
		en.fail(Failf(BadMetadata, "another document of this source has the URI %s", it.URI), BadMetadata)
	case offerErr != nil:
		en.fail(offerErr, BadMetadata)
	default:
		p.classify(ctx, en, known)
	}
	p.keep(en, known)
}

func (p *planner) classify(ctx context.Context, en *Entry, known *knownDocument) {
	it := en.Item
	switch {
	case it.Explicit:
	case !p.e.o.Claims(nameOf(it)):
		en.skip(unclaimed(nameOf(it)))
		return
	case it.Size == 0:
		en.skip("empty")
		return
	}
	if known == nil {
		en.Action = Add
	} else {
		p.compare(ctx, en, known)
	}
	if f := en.failed; en.Action != Unchanged && en.Action != Fail && p.rests(en) {
		en.Action, en.resting = Fail, true
		en.Failure = Failf(f.Reason, "%s (attempt %d; the next after %s)", f.Message, f.Attempts, f.NextRetry.Format(time.RFC3339))
	}
}

// rests reports whether the entry failed as it is now and is not to be tried again yet.
func (p *planner) rests(en *Entry) bool {
	f := en.failed
	return f != nil && f.Stamp == en.stamp && p.now.Before(f.NextRetry) && !p.e.o.RetryFailed
}

// compare sets the action for a document the store has.
func (p *planner) compare(ctx context.Context, en *Entry, known *knownDocument) {
	en.hash = known.hash
	pipeline := p.e.pipeline(known.mime, en.offer.cutter)
	if madeBy(known.pipeline) != pipeline {
		en.Action = Change
		return
	}
	same, err := p.sameBytes(ctx, en, known)
	switch {
	case err != nil:
		en.fail(err, Unreadable)
	case !same:
		en.Action = Change
	case known.pipeline != en.offer.pipeline(pipeline):
		en.Action = Rewrite
	default:
		en.Action = Unchanged
	}
}

func (p *planner) sameBytes(ctx context.Context, en *Entry, known *knownDocument) (bool, error) {
	it := en.Item
	switch {
	case it.Hash != "":
		return it.Hash == known.hash, nil
	case it.Size >= 0 && it.Size != known.size:
		return false, nil
	case p.e.o.Checksum:
	case it.Token != "":
		if it.Token == known.token {
			return true, nil
		}
	case it.Size >= 0 && !it.ModTime.IsZero() && it.ModTime.UnixMilli() == known.modTime.UnixMilli():
		return true, nil // stores keep at least milliseconds
	}
	hash, err := hashOf(ctx, it)
	if err != nil || hash != known.hash {
		return false, err
	}
	return true, p.renewToken(it, known)
}

// remove is for an item that its source says is to go.
func (p *planner) remove(en *Entry, known *knownDocument) {
	if known != nil && !known.seen {
		known.seen = true
		p.plan.Entries = append(p.plan.Entries, deletion(known))
	}
	p.removeMembers(en)
	en.Action = Delete
	p.withdrawElsewhere(en)
}

// keep files the entry: what the plan has to do something about or report.
func (p *planner) keep(en *Entry, known *knownDocument) {
	if f := p.failed[en.DocumentID]; f != nil && (en.Action != Unchanged && en.Action != Skip) {
		f.seen = true
	}
	switch {
	case en.Action == Skip: // a document that became a picture is no longer a document
	case known != nil:
		known.seen = true
	default:
		p.fresh[en.DocumentID] = true
	}
	p.withdrawElsewhere(en)
	if en.Action == Unchanged {
		p.plan.Unchanged++
		return
	}
	p.plan.Entries = append(p.plan.Entries, en)
}

// withdrawElsewhere deletes what a record left behind under another tenant, when it says
// itself whose it is, or did: a document that moved must not stay visible where it was.
func (p *planner) withdrawElsewhere(en *Entry) {
	named := en.Item.Tenant != ""
	broken := en.Action == Fail && !named // it may still be meant for the tenant it was of
	if p.e.o.Tenant != "" || broken || !named && !p.anyNamed {
		return
	}
	if p.byURI == nil {
		p.byURI = make(map[string][]*knownDocument, len(p.known))
		for _, k := range p.known {
			p.byURI[k.uri] = append(p.byURI[k.uri], k)
		}
	}
	for _, k := range p.byURI[en.Item.URI] {
		if k.tenant != en.offer.Tenant && !k.seen && (named || namedTenant(k.pipeline)) {
			k.seen = true
			p.plan.Entries = append(p.plan.Entries, deletion(k))
		}
	}
}

// stamp is what an attempt was made at; the ledger's back-off holds only for the same.
func (p *planner) stamp(it Item, o offer) string {
	content := cmp.Or(it.Hash, it.Token)
	if content == "" {
		content = fmt.Sprintf("%d@%d", it.Size, it.ModTime.UnixMilli())
	}
	return o.pipeline(p.e.pipeline("", o.cutter)) + "|" + content
}

// guard keeps everything that may be behind an item that could not be read.
func (p *planner) guard(uri string, err error) {
	p.guards[uri] = true
	if file, _, isRecord := strings.Cut(uri, "#"); !isRecord {
		p.guards[uri+"/"], p.guards[uri+"#"], p.guards[uri+MemberMark] = true, true, true
	} else if asFailure(err, Unreadable).Reason != BadMetadata {
		p.torn[file+"#"] = true
	}
}

func (en *Entry) fail(err error, fallback Reason) {
	en.Action, en.Failure = Fail, asFailure(err, fallback)
}

func (en *Entry) skip(why string) { en.Action, en.Reason = Skip, why }

func unclaimed(name string) string {
	if ext := path.Ext(name); ext != "" {
		return "no extractor for " + strings.ToLower(ext)
	}
	return "no extractor for files without an extension"
}

// asFailure is err as a Failure, with reason fallback where it has none.
func asFailure(err error, fallback Reason) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		if f.Error() == err.Error() {
			return f
		}
		return &Failure{Reason: f.Reason, Message: err.Error(), Err: err}
	}
	if r := ReasonOf(err); r != Internal {
		fallback = r
	}
	return &Failure{Reason: fallback, Message: err.Error(), Err: err}
}
