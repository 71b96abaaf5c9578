package uploads

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"ragway/gateway"
	"ragway/retriever"
)

// home is where records are kept that are of no collection. None can be called so.
const home = "_uploads"

// table is the records of one kind.
type table[T any] struct {
	state retriever.State
	kind  string
}

func (t table[T]) record(collection, key string, v T) (retriever.Record, error) {
	value, err := json.Marshal(v)
	if err != nil {
		return retriever.Record{}, fmt.Errorf("%s %s: %w", t.kind, key, err)
	}
	return retriever.Record{Collection: collection, Kind: t.kind, Key: key, Value: value}, nil
}

func (t table[T]) put(ctx context.Context, collection, key string, v T) error {
	return t.putAll(ctx, collection, map[string]T{key: v})
}

func (t table[T]) putAll(ctx context.Context, collection string, values map[string]T) error {
	var records []retriever.Record
	for _, key := range sorted(values) {
		r, err := t.record(collection, key, values[key])
		if err != nil {
			return err
		}
		records = append(records, r)
	}
	if len(records) == 0 {
		return nil
	}
	if err := t.state.PutRecords(ctx, records...); err != nil {
		return fmt.Errorf("%s: %w", t.kind, err)
	}
	return nil
}

func (t table[T]) all(ctx context.Context, collection string) (map[string]T, error) {
	records, err := t.state.Records(ctx, collection, t.kind)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.kind, err)
	}
	out := make(map[string]T, len(records))
	for _, r := range records {
		var v T
		if err := json.Unmarshal(r.Value, &v); err != nil {
			return nil, fmt.Errorf("%s %s: %w", t.kind, r.Key, err)
		}
		out[r.Key] = v
	}
	return out, nil
}

func (t table[T]) delete(ctx context.Context, collection string, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	if err := t.state.DeleteRecords(ctx, collection, t.kind, keys...); err != nil {
		return fmt.Errorf("%s: %w", t.kind, err)
	}
	return nil
}

// file is a record by the file's id.
type file struct {
	Tenant     string    `json:"tenant"`
	Principals []string  `json:"principals,omitempty"` // of the uploader
	Name       string    `json:"name"`
	Purpose    string    `json:"purpose"`
	Bytes      int64     `json:"bytes"`
	SHA256     string    `json:"sha256"`
	Created    time.Time `json:"created"`
	Deleted    bool      `json:"deleted,omitempty"` // it is going
}

// storeRecord is a record by the collection's name: a vector store that was made by the API.
type storeRecord struct {
	Tenant      string            `json:"tenant"`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Created     time.Time         `json:"created"`
	// Begun says that there is, or was, a collection of the name: without one, somebody has
	// deleted it.
	Begun   bool `json:"begun,omitempty"`
	Deleted bool `json:"deleted,omitempty"` // it is going
}

// attachment is a record by the file's id, in a collection: what is wanted of the file there.
type attachment struct {
	Tenant     string             `json:"tenant"`
	Principals []string           `json:"principals,omitempty"` // of the uploader
	Name       string             `json:"name"`
	Bytes      int64              `json:"bytes"`
	SHA256     string             `json:"sha256"`
	Uploaded   time.Time          `json:"uploaded"`
	Created    time.Time          `json:"created"`
	Metadata   retriever.Metadata `json:"metadata,omitempty"`
	ACL        []string           `json:"acl,omitempty"`
	Chunking   chunking           `json:"chunking,omitzero"`
	Batch      string             `json:"batch,omitempty"`
	Rev        string             `json:"rev"` // another one for each change
	Deleted    bool               `json:"deleted,omitempty"`
}

func (att attachment) uri(id string) string { return gateway.UploadURI(id, att.Name) }

// chunking is retriever.Chunking as it is kept.
type chunking struct {
	Strategy string `json:"strategy,omitempty"`
	Tokens   int    `json:"tokens,omitempty"`
	Overlap  int    `json:"overlap,omitempty"`
}

// outcome is a record by the file's id, in a collection.
type outcome struct {
	Rev       string             `json:"rev"`   // of the attachment that is done
	Tried     string             `json:"tried"` // of the attachment that was tried last
	Status    gateway.FileStatus `json:"status"`
	Error     *gateway.FileError `json:"error,omitempty"`
	Documents int                `json:"documents"`          // in the store now
	Bytes     int64              `json:"bytes"`              // that they were made of
	Attempts  int                `json:"attempts,omitempty"` // at Tried
	Next      time.Time          `json:"next,omitzero"`      // when to try again
}

// batch is a record by its id, in a collection.
type batch struct {
	Tenant     string    `json:"tenant"`
	Principals []string  `json:"principals,omitempty"`
	Files      []string  `json:"files"`
	Created    time.Time `json:"created"`
	Cancelled  bool      `json:"cancelled,omitempty"`
}

// queued is a record by the collection's name, in home.
type queued struct {
	Since time.Time `json:"since"`
}
