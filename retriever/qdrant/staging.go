package qdrant

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
)

// Stage makes a Qdrant collection of its own behind the alias of the staged one. Its name
// differs also from that of another with the same fingerprint but for the probe.
func (s *Store) Stage(ctx context.Context, c retriever.Collection) error {
	if err := retriever.CheckCollectionName(c.Name); err != nil {
		return err
	}
	err := s.exclusively(ctx, "collection/"+c.Name, func(ctx context.Context) error { return s.stage(ctx, c) })
	s.heads.forget(retriever.StagedName(c.Name))
	s.heads.forget(retriever.FormerName(c.Name))
	if err != nil {
		return fmt.Errorf("stage %q: %w", c.Name, err)
	}
	return nil
}

func (s *Store) stage(ctx context.Context, c retriever.Collection) error {
	staged, former := retriever.StagedName(c.Name), retriever.FormerName(c.Name)
	is, err := s.headIfAny(ctx, staged)
	if err != nil || is != nil && is.collection.SameSettings(c) {
		return err
	}
	if is != nil {
		if err := s.removeAliases(ctx, staged); err != nil {
			return err
		}
	}
	was, err := s.headIfAny(ctx, former)
	if err != nil {
		return err
	}
	if was != nil && was.collection.SameSettings(c) {
		return translate(ctx, s.client.UpdateAliases(ctx, []*api.AliasOperations{
			api.NewAliasDelete(s.names.alias(former)), api.NewAliasCreate(s.names.alias(staged), was.physical)}))
	}
	return s.build(ctx, c, s.names.alias(staged), s.names.physical(c.Name, c.Fingerprint)+"."+uuid.NewString()[:8])
}

// headIfAny asks the server; nil when there is no such collection.
func (s *Store) headIfAny(ctx context.Context, name string) (*head, error) {
	h, err := s.readHead(ctx, name)
	if errors.Is(err, retriever.ErrCollectionNotFound) {
		return nil, nil
	}
	return &h, err
}

// Promote moves the aliases in one call. A reader keeps for at most headTTL to the Qdrant
// collection that it read the head of, which stays where it is.
func (s *Store) Promote(ctx context.Context, name string, seen time.Time) error {
	err := s.exclusively(ctx, "collection/"+name, func(ctx context.Context) error { return s.promote(ctx, name, seen) })
	for _, n := range []string{name, retriever.StagedName(name), retriever.FormerName(name)} {
		s.heads.forget(n)
	}
	if err != nil {
		return fmt.Errorf("promote %q: %w", name, err)
	}
	return nil
}

func (s *Store) promote(ctx context.Context, name string, seen time.Time) error {
	staged, former := retriever.StagedName(name), retriever.FormerName(name)
	next, err := s.readHead(ctx, staged)
	if err != nil {
		return err
	}
	now, err := s.headIfAny(ctx, name)
	if err != nil {
		return err
	}
	var last time.Time
	var operations []*api.AliasOperations
	if now != nil {
		if last, err = s.lastIngest(ctx, *now); err != nil {
			return err
		}
		operations = append(operations, api.NewAliasCreate(s.names.alias(former), now.physical)) // moves one that is there
	}
	if !last.Equal(seen) {
		return retriever.ErrChanged
	}
	operations = append(operations, api.NewAliasCreate(s.names.alias(name), next.physical), api.NewAliasDelete(s.names.alias(staged)))
	if err := s.client.UpdateAliases(ctx, operations); err != nil {
		return translate(ctx, err)
	}
	return s.dropUnnamed(ctx, name)
}

// removeBeside removes the staged or the former collection of a name. Readers that have
// just read the head of what was replaced are done with it by then.
func (s *Store) removeBeside(ctx context.Context, base, name string) error {
	if _, err := s.readHead(ctx, name); err != nil {
		return err
	}
	if err := s.removeAliases(ctx, name); err != nil {
		return named(name, err)
	}
	select {
	case <-time.After(2 * headTTL):
	case <-ctx.Done():
		return ctx.Err() // what no alias leads to goes with the next change of the collection
	}
	return s.dropUnnamed(ctx, base)
}

// stillThere is an error when the name has come to mean another collection since h was
// read: what was written then is not where readers look for it.
func (s *Store) stillThere(ctx context.Context, h head) error {
	info, err := s.client.GetCollectionInfo(ctx, s.names.alias(h.name))
	if err != nil {
		return named(h.name, translate(ctx, err))
	}
	now, err := s.parseHead(h.name, info)
	if err != nil {
		return named(h.name, err)
	}
	if now.physical != h.physical {
		return fmt.Errorf("the collection was replaced meanwhile: %w", retriever.ErrUnavailable)
	}
	return nil
}
