package qdranttest

import (
	"context"
	"fmt"

	api "github.com/qdrant/go-client/qdrant"
)

type snapshotService struct {
	api.UnimplementedSnapshotsServer
	s *Server
}

// Create makes no file, only a name.
func (h snapshotService) Create(_ context.Context, r *api.CreateSnapshotRequest) (*api.CreateSnapshotResponse, error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	c, err := h.s.resolve(r.CollectionName)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s-%d.snapshot", c.config.CollectionName, len(c.points))
	return &api.CreateSnapshotResponse{SnapshotDescription: &api.SnapshotDescription{Name: name, Size: int64(len(c.points))}}, nil
}
