package qdrant

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Snapshot is a copy of a Qdrant collection, a file that a node has made and keeps. The
// server restores it over HTTP: PUT /collections/{name}/snapshots/recover.
type Snapshot struct {
	Address    string // of the node that has it, as configured
	Collection string // Qdrant's name
	Name       string // of the file
	Bytes      int64
	SHA256     string // hex; "" when the server does not say
}

// Snapshot implements retriever.Stager: a line for each file that was made, with the
// address of the node that keeps it.
func (s *Store) Snapshot(ctx context.Context, collection string) (string, error) {
	made, err := s.Snapshots(ctx, collection)
	lines := make([]string, len(made))
	for i, m := range made {
		lines[i] = fmt.Sprintf("%s: collection %s, snapshot %s", m.Address, m.Collection, m.Name)
	}
	return strings.Join(lines, "\n"), err
}

// Snapshots has each node make one snapshot of the collection and one of the state that all
// collections share, and returns them. A node's has the shards that it holds, so that a
// cluster is copied whole when Options.Addresses has all its nodes. Documents written
// meanwhile may be in it or not. It returns those made so far with an error.
func (s *Store) Snapshots(ctx context.Context, collection string) ([]Snapshot, error) {
	h, err := s.readHead(ctx, collection)
	if err != nil {
		return nil, err
	}
	if err := s.ensureState(ctx); err != nil {
		return nil, fmt.Errorf("snapshot %q: %w", collection, err)
	}
	var out []Snapshot
	for _, address := range s.options.Addresses {
		made, err := s.snapshotsOn(ctx, address, h.physical, s.names.state())
		out = append(out, made...)
		if err != nil {
			return out, fmt.Errorf("snapshot %q on %s: %w", collection, address, err)
		}
	}
	return out, nil
}

// snapshotsOn asks one node, by a connection of its own.
func (s *Store) snapshotsOn(ctx context.Context, address string, collections ...string) (made []Snapshot, err error) {
	options := s.options
	options.Addresses = []string{address}
	client, err := dial(options, func() {})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	for _, name := range collections {
		d, err := client.CreateSnapshot(ctx, name)
		if err != nil {
			return made, translate(ctx, err)
		}
		made = append(made, Snapshot{Address: address, Collection: name, Name: d.GetName(), Bytes: d.GetSize(), SHA256: d.GetChecksum()})
	}
	return made, nil
}
