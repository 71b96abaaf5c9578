package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"ragway/retriever"
)

func (s *Store) PutRecords(ctx context.Context, records ...retriever.Record) error {
	return wrap("put records", s.db.update(ctx, func(tx *sql.Tx) error {
		for _, r := range records {
			_, err := tx.ExecContext(ctx, `INSERT INTO records (collection, kind, key, value) VALUES (?, ?, ?, ?)
				ON CONFLICT DO UPDATE SET value = excluded.value`, r.Collection, r.Kind, r.Key, r.Value)
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

func (s *Store) Records(ctx context.Context, collection, kind string) (records []retriever.Record, err error) {
	err = s.db.view(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT key, value FROM records WHERE collection = ? AND kind = ? ORDER BY key`, collection, kind)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			r := retriever.Record{Collection: collection, Kind: kind}
			if err := rows.Scan(&r.Key, &r.Value); err != nil {
				return err
			}
			records = append(records, r)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, wrap("records", err)
	}
	return records, nil
}

func (s *Store) DeleteRecords(ctx context.Context, collection, kind string, keys ...string) error {
	return wrap("delete records", s.db.update(ctx, func(tx *sql.Tx) error {
		for _, key := range keys {
			if _, err := tx.ExecContext(ctx, `DELETE FROM records WHERE collection = ? AND kind = ? AND key = ?`, collection, kind, key); err != nil {
				return err
			}
		}
		return nil
	}))
}

// AcquireLease goes by the clocks of the processes, which share a machine here.
func (s *Store) AcquireLease(ctx context.Context, name, owner string, ttl time.Duration) (holder string, err error) {
	err = s.db.update(ctx, func(tx *sql.Tx) error {
		now := s.opts.Now()
		var expires int64
		err := tx.QueryRowContext(ctx, `SELECT owner, expires FROM leases WHERE name = ?`, name).Scan(&holder, &expires)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err == nil && holder != owner && expires > now.UnixNano() {
			return fmt.Errorf("held by %s: %w", holder, retriever.ErrLeaseLost)
		}
		holder = owner
		_, err = tx.ExecContext(ctx, `INSERT INTO leases (name, owner, expires) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET owner = excluded.owner, expires = excluded.expires`, name, owner, now.Add(ttl).UnixNano())
		return err
	})
	if err != nil && !errors.Is(err, retriever.ErrLeaseLost) {
		holder = ""
	}
	return holder, wrap(fmt.Sprintf("lease %q", name), err)
}

func (s *Store) ReleaseLease(ctx context.Context, name, owner string) error {
	err := s.db.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM leases WHERE name = ? AND owner = ?`, name, owner)
		return err
	})
	return wrap(fmt.Sprintf("release lease %q", name), err)
}
