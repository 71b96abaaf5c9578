package retriever

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// IngestRun is an ingest that is under way, as it tells of itself in the store's state
// records, for whoever asks in another process.
type IngestRun struct {
	Owner   string    `json:"owner"` // the process
	Tenant  string    `json:"tenant"`
	Started time.Time `json:"started"`
	Updated time.Time `json:"updated"`
	Done    int       `json:"done"`  // documents
	Total   int       `json:"total"` // that there is work for
}

// The lease lets one run at a time write to a collection.
const (
	ingestRunKind = "ingest_run"
	ingestRunKey  = "current"
)

// ingestRunStale is how old the news of a run may be before it is taken for dead: its
// process tells every IngestRunEvery.
const ingestRunStale = 5 * IngestRunEvery

// IngestRunEvery is how often a run tells of itself.
const IngestRunEvery = 2 * time.Second

// PutIngestRun tells of a run in a collection.
func PutIngestRun(ctx context.Context, s State, collection string, r IngestRun) error {
	value, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("ingest run: %w", err)
	}
	if err := s.PutRecords(ctx, Record{Collection: collection, Kind: ingestRunKind, Key: ingestRunKey, Value: value}); err != nil {
		return fmt.Errorf("ingest run: %w", err)
	}
	return nil
}

// DeleteIngestRun says that the run has ended.
func DeleteIngestRun(ctx context.Context, s State, collection string) error {
	if err := s.DeleteRecords(ctx, collection, ingestRunKind, ingestRunKey); err != nil {
		return fmt.Errorf("ingest run: %w", err)
	}
	return nil
}

// IngestRuns are the runs in a collection that have told of themselves lately.
func IngestRuns(ctx context.Context, s State, collection string, now time.Time) ([]IngestRun, error) {
	records, err := s.Records(ctx, collection, ingestRunKind)
	if err != nil {
		return nil, fmt.Errorf("ingest runs: %w", err)
	}
	var out []IngestRun
	for _, rec := range records {
		var r IngestRun
		if err := json.Unmarshal(rec.Value, &r); err != nil {
			return nil, fmt.Errorf("ingest runs: %w", err)
		}
		if now.Sub(r.Updated) < ingestRunStale {
			out = append(out, r)
		}
	}
	return out, nil
}
