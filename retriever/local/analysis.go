package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"ragway/retriever"
	"ragway/retriever/text"
)

// reanalysedChunks bounds a transaction that makes terms anew: it holds the write lock for
// some tenths of a second.
const reanalysedChunks = 2048

// progressEvery is the time between two lines about a long migration.
const progressEvery = 5 * time.Second

// reanalyse brings the stored terms of every collection to text.Version. It goes on where
// another process or an earlier run left off.
func (s *Store) reanalyse(ctx context.Context) error {
	rows, err := s.outdated(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := s.reanalyseCollection(ctx, row); err != nil {
			return fmt.Errorf("make the terms of collection row %d anew: %w", row, err)
		}
	}
	return nil
}

// outdated are the rows of the collections whose terms are of an earlier version.
func (s *Store) outdated(ctx context.Context) (collections []int64, err error) {
	err = s.db.view(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT row, analysis FROM collections WHERE analysis <> ? AND `+notDropped+` ORDER BY row`, text.Version)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var row, version int64
			if err := rows.Scan(&row, &version); err != nil {
				return err
			}
			if version > text.Version {
				return fmt.Errorf("collection row %d has terms of version %d, this program knows %d: %w", row, version, text.Version, retriever.ErrNewerFormat)
			}
			collections = append(collections, row)
		}
		return rows.Err()
	})
	return collections, err
}

func (s *Store) reanalyseCollection(ctx context.Context, collection int64) error {
	start, said := time.Now(), time.Now()
	chunks := 0
	for {
		done, n, err := s.reanalyseSome(ctx, collection)
		if err != nil {
			return err
		}
		chunks += n
		if done || time.Since(said) > progressEvery {
			said = time.Now()
			s.opts.Logger.Info("stored texts analysed anew, for a newer version of the analysis",
				"collection_row", collection, "chunks", chunks, "done", done, "took", time.Since(start).Round(time.Millisecond))
		}
		if done {
			return nil
		}
	}
}

// reanalysis is where one collection stands.
type reanalysis struct {
	settings retriever.Collection
	next     int64 // documents up to this row have new terms
}

// reanalyseSome makes the terms of some documents anew, in one transaction.
func (s *Store) reanalyseSome(ctx context.Context, collection int64) (done bool, chunks int, err error) {
	err = s.db.update(ctx, func(tx *sql.Tx) error {
		done, chunks = false, 0
		at, pending, err := readReanalysis(ctx, tx, collection)
		if err != nil || !pending {
			done = true
			return err
		}
		texts, last, err := someTexts(ctx, tx, collection, at.next)
		if err != nil {
			return err
		}
		if last == 0 {
			done = true
			_, err := tx.ExecContext(ctx, `UPDATE collections SET analysis = ?, analysed = 0 WHERE row = ?`, text.Version, collection)
			return err
		}
		chunks = len(texts)
		if err := analyse(ctx, text.For(at.settings.Language), texts); err != nil {
			return err
		}
		for _, t := range texts {
			if _, err := tx.ExecContext(ctx, `UPDATE chunk_index SET terms = ? WHERE key = ?`, t.terms, t.key); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE collections SET analysed = ? WHERE row = ?`, last, collection)
		return err
	})
	return done, chunks, err
}

func readReanalysis(ctx context.Context, tx *sql.Tx, collection int64) (at reanalysis, pending bool, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT settings, analysed FROM collections WHERE row = ? AND analysis < ? AND `+notDropped, collection, text.Version)
	if err != nil {
		return at, false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return at, false, rows.Err() // another process was faster, or the collection is gone
	}
	var settings []byte
	if err := rows.Scan(&settings, &at.next); err != nil {
		return at, false, err
	}
	if err := json.Unmarshal(settings, &at.settings); err != nil {
		return at, false, fmt.Errorf("settings: %w: %w", retriever.ErrCorrupt, err)
	}
	return at, true, rows.Err()
}

type storedText struct {
	key   int64
	chunk retriever.Chunk // Text and Context
	terms []byte
}

// someTexts are the chunks of the documents after a row, about reanalysedChunks of them,
// and the last document's row; 0: there are no more.
func someTexts(ctx context.Context, tx *sql.Tx, collection, after int64) (texts []storedText, last int64, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT m.row, c.key, c.text, c.context FROM document_marks m
		LEFT JOIN chunks c ON c.key BETWEEN m.row << ? AND (m.row << ?) + ? WHERE m.collection = ? AND m.row > ? ORDER BY m.row, c.key`,
		chunkBits, chunkBits, maxDocChunks-1, collection, after)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var row int64
		var key sql.NullInt64
		var body, context sql.NullString
		if err := rows.Scan(&row, &key, &body, &context); err != nil {
			return nil, 0, err
		}
		if row != last && len(texts) >= reanalysedChunks {
			return texts, last, nil
		}
		last = row
		if key.Valid {
			texts = append(texts, storedText{key: key.Int64, chunk: retriever.Chunk{Text: body.String, Context: context.String}})
		}
	}
	return texts, last, rows.Err()
}

// analyse fills in the terms, on all processors.
func analyse(ctx context.Context, analyzer *text.Analyzer, texts []storedText) error {
	group, ctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		group.Go(func() error {
			for i := w; i < len(texts); i += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				texts[i].terms = encodeTerms(texts[i].chunk.Terms(analyzer))
			}
			return nil
		})
	}
	return group.Wait()
}
