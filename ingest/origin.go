package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"ragway/retriever"
)

// ErrOriginConflict is wrapped by an [OriginConflict].
var ErrOriginConflict = errors.New("name stands for another origin")

// OriginConflict says that a source's name was last used for documents from elsewhere.
type OriginConflict struct{ Name, Known, Offered string }

func (e *OriginConflict) Error() string {
	return fmt.Sprintf("%q is %s here, not %s: give --name %s if it has moved, or another name for other documents",
		e.Name, e.Known, e.Offered, e.Name)
}

func (e *OriginConflict) Unwrap() error { return ErrOriginConflict }

const originKind = "origin"

// origin is a state record by the source's name. A collection keeps one origin a name,
// the last one that was accepted: with a name given by hand, the new place takes over,
// and the old one is refused from then on.
type origin struct {
	Name   string    `json:"name"`
	Origin string    `json:"origin"`
	Since  time.Time `json:"since"`
}

// checkOrigin returns the record to write on Apply, nil when it is there already.
func (e *Engine) checkOrigin(ctx context.Context, src Source) (*origin, error) {
	records, err := e.o.Store.Records(ctx, e.o.Collection, originKind)
	if err != nil {
		return nil, fmt.Errorf("origin of %s: %w", src.Name(), err)
	}
	for _, r := range records {
		if r.Key != src.Name() {
			continue
		}
		var known origin
		if err := json.Unmarshal(r.Value, &known); err != nil {
			return nil, fmt.Errorf("origin of %s: %w", src.Name(), err)
		}
		switch {
		case known.Origin == src.Origin():
			return nil, nil
		case !e.o.AcceptOrigin:
			return nil, &OriginConflict{src.Name(), known.Origin, src.Origin()}
		}
	}
	return &origin{Name: src.Name(), Origin: src.Origin(), Since: e.o.Now().UTC()}, nil
}

func (e *Engine) putOrigin(ctx context.Context, o *origin) error {
	if o == nil {
		return nil
	}
	value, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("origin of %s: %w", o.Name, err)
	}
	r := retriever.Record{Collection: e.o.Collection, Kind: originKind, Key: o.Name, Value: value}
	if err := e.o.Store.PutRecords(ctx, r); err != nil {
		return fmt.Errorf("origin of %s: %w", o.Name, err)
	}
	return nil
}
