package qdrant

import (
	"context"
	"errors"
	"sync/atomic"

	api "github.com/qdrant/go-client/qdrant"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"
)

const (
	// pointBatch is where upload speed stops growing on a measured server.
	pointBatch = 256
	// byteBatch keeps a request below 4 MB, the usual bound of gRPC servers and of what
	// stands before them. A single point may be larger.
	byteBatch = 3 << 20
	// groupDocuments are committed together, by one call.
	groupDocuments = 64
)

// groups cuts documents into runs that are committed together: not too many, not too
// many chunks, no document twice.
func groups(docs []prepared) [][]prepared {
	var out [][]prepared
	var seen map[string]bool
	chunks := 0
	for i := range docs {
		d := &docs[i]
		if seen == nil || len(seen) == groupDocuments || chunks+len(d.Chunks) > pointBatch || seen[d.Document.ID] {
			seen, chunks = map[string]bool{}, 0
			out = append(out, nil)
		}
		seen[d.Document.ID] = true
		chunks += len(d.Chunks)
		out[len(out)-1] = append(out[len(out)-1], *d)
	}
	return out
}

// waves cuts groups into runs without a document twice, which may be written in any order.
func waves(groups [][]prepared) [][][]prepared {
	var out [][][]prepared
	var seen map[string]bool
	repeats := func(group []prepared) bool {
		for i := range group {
			if seen[group[i].Document.ID] {
				return true
			}
		}
		return false
	}
	for _, group := range groups {
		if seen == nil || repeats(group) {
			seen = map[string]bool{}
			out = append(out, nil)
		}
		for i := range group {
			seen[group[i].Document.ID] = true
		}
		out[len(out)-1] = append(out[len(out)-1], group)
	}
	return out
}

var errNotBegun = errors.New("not begun")

// putGroups commits groups, several at a time, and returns how many documents the finished
// ones before the first error have. Groups under way when one fails are finished.
func (s *Store) putGroups(ctx context.Context, h head, groups [][]prepared) (stored int, err error) {
	for _, wave := range waves(groups) {
		errs := make([]error, len(wave))
		var failed atomic.Bool
		var streams errgroup.Group
		streams.SetLimit(s.options.WriteStreams)
		for i, group := range wave {
			streams.Go(func() error {
				if errs[i] = errNotBegun; !failed.Load() {
					errs[i] = s.putGroup(ctx, h, group)
				}
				if errs[i] != nil {
					failed.Store(true)
				}
				return nil
			})
		}
		_ = streams.Wait() // the errors are in errs, by group
		for i, err := range errs {
			if err != nil {
				return stored, err
			}
			stored += len(wave[i])
		}
	}
	return stored, nil
}

// upsert writes points in batches. No more of them are under way at once, in the whole
// store, than WriteStreams says. The rest of the request is as given.
func (s *Store) upsert(ctx context.Context, request *api.UpsertPoints, points []*api.PointStruct) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, batch := range batches(points) {
		select {
		case s.uploads <- struct{}{}:
		case <-ctx.Done():
			if err := group.Wait(); err != nil {
				return err
			}
			return ctx.Err()
		}
		one := &api.UpsertPoints{CollectionName: request.CollectionName, Wait: api.PtrOf(true), Points: batch,
			UpdateFilter: request.UpdateFilter, UpdateMode: request.UpdateMode}
		group.Go(func() error {
			defer func() { <-s.uploads }()
			result, err := s.client.Upsert(ctx, one)
			return completed(ctx, result, err)
		})
	}
	return group.Wait()
}

// batches cuts points into requests.
func batches(points []*api.PointStruct) [][]*api.PointStruct {
	var out [][]*api.PointStruct
	start, size := 0, 0
	for i, p := range points {
		n := proto.Size(p)
		if i > start && (i-start == pointBatch || size+n > byteBatch) {
			out = append(out, points[start:i])
			start, size = i, 0
		}
		size += n
	}
	if start < len(points) {
		out = append(out, points[start:])
	}
	return out
}
