package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"ragway/retriever"
)

// FailureRecord is a document that could not be ingested, as the ledger keeps it until
// it succeeds or its source no longer has it.
type FailureRecord struct {
	URI       string    `json:"uri"`
	Tenant    string    `json:"tenant"`
	Reason    Reason    `json:"reason"`
	Message   string    `json:"message"`
	Attempts  int       `json:"attempts"` // of the same bytes by the same pipeline
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
	NextRetry time.Time `json:"next_retry"`
	Stamp     string    `json:"stamp"` // what was tried; another one is tried at once
}

const failureKind = "failure"

// ledger keeps the failures of one collection in the store's state records, by document ID.
type ledger struct {
	state      retriever.State
	collection string
	now        func() time.Time
}

// Failures returns the documents of a collection that failed, ordered by document ID.
func Failures(ctx context.Context, state retriever.State, collection string) ([]FailureRecord, error) {
	records, err := state.Records(ctx, collection, failureKind)
	if err != nil {
		return nil, fmt.Errorf("failure ledger: %w", err)
	}
	out := make([]FailureRecord, 0, len(records))
	for _, r := range records {
		var f FailureRecord
		if err := json.Unmarshal(r.Value, &f); err != nil {
			return nil, fmt.Errorf("failure ledger: record %s: %w", r.Key, err)
		}
		out = append(out, f)
	}
	return out, nil
}

func (l ledger) key(tenant, uri string) string {
	return retriever.DocumentID(l.collection, tenant, uri)
}

// record is of another failed attempt at an entry.
func (l ledger) record(en *Entry, f *Failure) (retriever.Record, error) {
	now := l.now().UTC()
	r := FailureRecord{
		URI: en.Item.URI, Tenant: en.offer.Tenant, Reason: f.Reason, Message: f.Message,
		Attempts: 1, First: now, Last: now, Stamp: en.stamp,
	}
	if before := en.failed; before != nil {
		r.First = before.First
		if before.Stamp == en.stamp {
			r.Attempts = before.Attempts + 1
		}
	}
	r.NextRetry = now
	if !errors.Is(f, errEmbedderDown) {
		r.NextRetry = now.Add(backOff(f.Reason, r.Attempts))
	}
	value, err := json.Marshal(r)
	if err != nil {
		return retriever.Record{}, fmt.Errorf("failure ledger: %w", err)
	}
	return retriever.Record{Collection: l.collection, Kind: failureKind, Key: l.key(r.Tenant, r.URI), Value: value}, nil
}

func (l ledger) put(ctx context.Context, records []retriever.Record) error {
	if len(records) == 0 {
		return nil
	}
	if err := l.state.PutRecords(ctx, records...); err != nil {
		return fmt.Errorf("failure ledger: %w", err)
	}
	return nil
}

func (l ledger) clear(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	if err := l.state.DeleteRecords(ctx, l.collection, failureKind, keys...); err != nil {
		return fmt.Errorf("failure ledger: %w", err)
	}
	return nil
}

// backOff is how long a document rests after its n-th failed attempt. What lies in the
// bytes will not mend itself, so it starts at an hour; the rest starts at half a minute. A
// failure of the store, and an embedder that was down, are not the document's.
func backOff(reason Reason, n int) time.Duration {
	first, most := time.Hour, 7*24*time.Hour
	switch reason {
	case StoreFailed:
		return 0
	case Unreadable, Timeout, EmbedFailed, Internal:
		first, most = 30*time.Second, 6*time.Hour
	}
	if n > 20 {
		return most
	}
	return min(first<<(n-1), most)
}
