package qdrant

import (
	"context"
	"fmt"
	"time"

	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
)

func leaseID(name string) *api.PointId { return pointID("lease", name) }

// AcquireLease implements retriever.State. The server inserts a lease that does not exist
// and replaces one only where the update filter holds, one write after the other; it does
// not say which it did, so the lease is read back. Machines compare expiry by their own
// clocks, which must agree to well within the ttl.
func (s *Store) AcquireLease(ctx context.Context, name, owner string, ttl time.Duration) (string, error) {
	if err := s.ensureState(ctx); err != nil {
		return "", fmt.Errorf("acquire lease %q: %w", name, err)
	}
	var holder string
	for holder == "" { // released between the write and the reading
		if err := s.claimLease(ctx, name, owner, ttl); err != nil {
			return "", fmt.Errorf("acquire lease %q: %w", name, err)
		}
		var err error
		if holder, err = s.leaseHolder(ctx, name); err != nil {
			return "", fmt.Errorf("acquire lease %q: %w", name, err)
		}
	}
	if holder != owner {
		return holder, fmt.Errorf("lease %q is held by %q: %w", name, holder, retriever.ErrLeaseLost)
	}
	return holder, nil
}

// claimLease writes the lease if it is free, expired or owner's.
func (s *Store) claimLease(ctx context.Context, name, owner string, ttl time.Duration) error {
	now := s.options.Now()
	point := barePoint(leaseID(name), payload{fieldOfKind: string(leaseKind), fieldKey: name, fieldOwner: owner,
		fieldExpires: now.Add(ttl).UnixMicro()})
	free := &api.Filter{Should: []*api.Condition{
		api.NewMatch(fieldOwner, owner),
		api.NewRange(fieldExpires, &api.Range{Lte: api.PtrOf(float64(now.UnixMicro()))}),
	}}
	result, err := s.client.Upsert(ctx, &api.UpsertPoints{CollectionName: s.names.state(), Wait: api.PtrOf(true),
		Ordering: strongly(), Points: []*api.PointStruct{point}, UpdateFilter: free})
	return completed(ctx, result, err)
}

// strongly sends writes of one collection through one node, so that they have one order.
func strongly() *api.WriteOrdering { return &api.WriteOrdering{Type: api.WriteOrderingType_Strong} }

// leaseHolder returns the lease's owner, "" if there is no lease.
func (s *Store) leaseHolder(ctx context.Context, name string) (string, error) {
	points, err := s.client.Get(ctx, &api.GetPoints{CollectionName: s.names.state(), Ids: []*api.PointId{leaseID(name)},
		WithPayload: api.NewWithPayload(true), ReadConsistency: api.NewReadConsistencyType(api.ReadConsistencyType_Majority)})
	if err != nil {
		return "", translate(ctx, err)
	}
	for _, p := range points {
		return p.Payload[fieldOwner].GetStringValue(), nil
	}
	return "", nil
}

// ReleaseLease implements retriever.State.
func (s *Store) ReleaseLease(ctx context.Context, name, owner string) error {
	err := s.deleteState(ctx, ofKind(leaseKind, api.NewMatch(fieldKey, name), api.NewMatch(fieldOwner, owner)))
	if err != nil {
		return fmt.Errorf("release lease %q: %w", name, err)
	}
	return nil
}
