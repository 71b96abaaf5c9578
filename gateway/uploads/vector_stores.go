package uploads

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ragway/gateway"
	"ragway/retriever"
)

// store is a vector store as one caller sees it.
type store struct {
	info   retriever.CollectionInfo // zero where there is no collection, or nothing in it for the caller
	record *storeRecord             // nil: not made by the API, or by another tenant
}

// open returns a vector store that the caller may see. That is a collection as
// retriever.Store shows it, an empty one that the caller's tenant made, and one that the
// caller's key names, whether or not it exists yet.
func (l *Library) open(ctx context.Context, scope retriever.Scope, name string) (store, error) {
	missing := fmt.Errorf("%w: %s", gateway.ErrVectorStoreNotFound, retriever.VectorStorePrefix+name)
	if retriever.CheckCollectionName(name) != nil || !scope.AllowsCollection(name) {
		return store{}, missing
	}
	stores, err := l.stores.all(ctx, home)
	if err != nil {
		return store{}, err
	}
	var s store
	if rec, ok := stores[name]; ok && rec.Tenant == scope.Tenant {
		if rec.Deleted {
			return store{}, missing
		}
		s.record = &rec
	}
	s.info, err = l.o.Store.Collection(ctx, scope, name)
	switch {
	case err == nil:
		return s, nil
	case !errors.Is(err, retriever.ErrCollectionNotFound):
		return store{}, fmt.Errorf("collection %s: %w", name, err)
	}
	s.info = retriever.CollectionInfo{Collection: retriever.Collection{Name: name}}
	if name == retriever.DefaultCollection || scope.Names(name) {
		return s, nil
	}
	if s.record == nil {
		return store{}, missing
	}
	there, err := l.stands(ctx, name, *s.record)
	if err != nil || !there {
		return store{}, cmp.Or(err, missing)
	}
	return s, nil
}

// stands reports whether a vector store is what the API left it: not one whose collection
// somebody has deleted.
func (l *Library) stands(ctx context.Context, name string, s storeRecord) (bool, error) {
	if !s.Begun {
		return true, nil
	}
	return l.exists(ctx, name)
}

// exists reports whether there is a collection of the name, whoever may see it.
func (l *Library) exists(ctx context.Context, name string) (bool, error) {
	_, err := l.o.Store.Settings(ctx, l.o.Scope, name)
	switch {
	case errors.Is(err, retriever.ErrCollectionNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("collection %s: %w", name, err)
	}
	return true, nil
}

// CreateVectorStore makes an empty one under a name that tells nothing of others. The
// collection comes with its first document.
func (l *Library) CreateVectorStore(ctx context.Context, scope retriever.Scope, about gateway.AboutStore) (gateway.VectorStore, error) {
	s := storeRecord{Tenant: scope.Tenant, Created: l.o.Now().UTC()}
	s.apply(about)
	name := collectionName(s.Name)
	if !scope.AllowsCollection(name) {
		return gateway.VectorStore{}, fmt.Errorf("%w: it is for certain collections, to which no new one belongs", gateway.ErrNotYours)
	}
	if err := l.stores.put(ctx, home, name, s); err != nil {
		return gateway.VectorStore{}, err
	}
	return l.VectorStore(ctx, scope, name)
}

// collectionName is a name that no collection has, recognisable as title.
func collectionName(title string) string {
	const most, random = 40, 8
	slug := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, title)
	slug = strings.Join(strings.FieldsFunc(slug, func(r rune) bool { return r == '-' }), "-")
	slug = strings.Trim(slug[:min(len(slug), most)], "-")
	return strings.TrimPrefix(slug+"-"+newID("")[:random], "-")
}

func (s *storeRecord) apply(about gateway.AboutStore) {
	if about.Name != nil {
		s.Name = *about.Name
	}
	if about.Description != nil {
		s.Description = *about.Description
	}
	if about.Metadata != nil {
		s.Metadata = about.Metadata
	}
}

// VectorStores are those that the caller sees something in, and those of its tenant that
// are still empty.
func (l *Library) VectorStores(ctx context.Context, scope retriever.Scope) ([]gateway.VectorStore, error) {
	infos, err := l.o.Store.Collections(ctx, scope)
	if err != nil {
		return nil, fmt.Errorf("collections: %w", err)
	}
	stores, err := l.stores.all(ctx, home)
	if err != nil {
		return nil, err
	}
	seen := map[string]store{}
	for _, i := range infos {
		seen[i.Name] = store{info: i}
	}
	for name, rec := range stores {
		if rec.Tenant != scope.Tenant || !scope.AllowsCollection(name) {
			continue
		}
		s, known := seen[name]
		if !known {
			there, err := l.stands(ctx, name, rec)
			if err != nil {
				return nil, err
			}
			if !there {
				continue
			}
			s.info.Name = name
		}
		s.record = &rec
		seen[name] = s
	}
	var out []gateway.VectorStore
	for _, s := range seen {
		if s.record != nil && s.record.Deleted {
			continue
		}
		v, err := l.show(ctx, scope, s)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// VectorStore is one of them.
func (l *Library) VectorStore(ctx context.Context, scope retriever.Scope, name string) (gateway.VectorStore, error) {
	s, err := l.open(ctx, scope, name)
	if err != nil {
		return gateway.VectorStore{}, err
	}
	return l.show(ctx, scope, s)
}

func (l *Library) show(ctx context.Context, scope retriever.Scope, s store) (gateway.VectorStore, error) {
	v := gateway.VectorStore{
		Collection: s.info.Name, Name: s.info.Name, Created: s.info.CreatedAt, Active: s.info.LastIngest, Bytes: s.info.Bytes,
	}
	if s.record != nil {
		v.Name, v.Description, v.Metadata, v.Created = s.record.Name, s.record.Description, s.record.Metadata, s.record.Created
	}
	v.Active = later(v.Active, v.Created)
	var err error
	if v.Files, err = l.count(ctx, scope, s.info); err != nil {
		return v, err
	}
	runs, err := retriever.IngestRuns(ctx, l.o.Store, v.Collection, l.o.Now())
	v.Runs = slices.DeleteFunc(runs, func(r retriever.IngestRun) bool { return r.Tenant != scope.Tenant })
	return v, err
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// count counts what the caller sees: a document is a completed file, except that all
// that was made of one uploaded file is one.
func (l *Library) count(ctx context.Context, scope retriever.Scope, info retriever.CollectionInfo) (c gateway.FileCounts, err error) {
	attached, err := l.attached(ctx, info.Name)
	if err != nil {
		return c, err
	}
	others := info.Documents
	for id, w := range attached.attachments {
		if !w.Deleted && owns(scope, w.Tenant, w.Principals) {
			c.Add(attached.status(id))
		}
		if scope.Allows(retriever.Document{Tenant: w.Tenant, ACL: w.ACL}) {
			others -= attached.outcomes[id].Documents
		}
	}
	others = max(0, others)
	c.Completed += others
	c.Total += others
	return c, nil
}

// UpdateVectorStore changes what is said of one that the API made.
func (l *Library) UpdateVectorStore(ctx context.Context, scope retriever.Scope, name string, about gateway.AboutStore) (gateway.VectorStore, error) {
	if err := l.changeStore(ctx, scope, name, func(s *storeRecord) { s.apply(about) }); err != nil {
		return gateway.VectorStore{}, err
	}
	return l.VectorStore(ctx, scope, name)
}

func (l *Library) changeStore(ctx context.Context, scope retriever.Scope, name string, change func(*storeRecord)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, err := l.open(ctx, scope, name)
	switch {
	case err != nil:
		return err
	case s.record == nil:
		return fmt.Errorf("%w: `ragway collections` changes this vector store", gateway.ErrNotYours)
	}
	change(s.record)
	return l.stores.put(ctx, home, name, *s.record)
}

// DeleteVectorStore removes one that the API made, if there is nothing in it that the
// caller does not see. It is gone when this returns.
func (l *Library) DeleteVectorStore(ctx context.Context, scope retriever.Scope, name string) error {
	s, err := l.open(ctx, scope, name)
	if err != nil {
		return err
	}
	all, err := l.o.Store.Collection(ctx, l.o.Scope, name)
	if err != nil && !errors.Is(err, retriever.ErrCollectionNotFound) {
		return fmt.Errorf("collection %s: %w", name, err)
	}
	if s.record != nil && all.Documents > s.info.Documents {
		return fmt.Errorf("%w: it holds documents that are not for it to see", gateway.ErrNotYours)
	}
	if err := l.changeStore(ctx, scope, name, func(s *storeRecord) { s.Deleted = true }); err != nil {
		return err
	}
	if err := l.enqueue(ctx, name); err != nil {
		return err
	}
	return l.await(ctx, func() (bool, error) {
		left, err := l.stores.all(ctx, home)
		_, there := left[name]
		return !there, err
	})
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
