package local

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"ragway/retriever"
)

// formatVersion is the file's user_version. A file with a higher one is refused.
const formatVersion = 2

// applicationID marks the file as ours in its header: "RAGW".
const applicationID = 0x52414757

// A chunk's key is its document's row shifted left by chunkBits plus its ordinal, so that
// the chunks of a document are one range of the table.
const (
	chunkBits    = 20
	maxDocChunks = 1 << chunkBits
)

// A document's ID occurs once a collection: the staged and the former one have the same.
const (
	documentsTable = `CREATE TABLE documents (
		row INTEGER PRIMARY KEY AUTOINCREMENT,
		collection INTEGER NOT NULL REFERENCES collections(row),
		id TEXT NOT NULL,
		tenant TEXT NOT NULL,
		uri TEXT NOT NULL,
		record_id TEXT NOT NULL,
		title TEXT NOT NULL,
		mime TEXT NOT NULL,
		url TEXT NOT NULL,
		hash TEXT NOT NULL,
		size INTEGER NOT NULL,
		mod_time TEXT NOT NULL,
		metadata TEXT NOT NULL,             -- JSON object or ''
		acl TEXT NOT NULL,                  -- JSON array or ''
		pipeline TEXT NOT NULL,
		version TEXT NOT NULL,
		chunks INTEGER NOT NULL,
		vectors INTEGER NOT NULL,
		bytes INTEGER NOT NULL,             -- of the chunks' text
		updated_at TEXT NOT NULL,
		UNIQUE (id, collection))`
	documentsIndex = `CREATE INDEX documents_by_collection ON documents(collection, id)`
)

// What the index loads (chunk_index) lies apart from what is shown (chunks): opening
// reads no text, showing reads no vector. AUTOINCREMENT keeps rows from being reused,
// which the index relies on.
var tables = []string{
	`CREATE TABLE collections (
		row INTEGER PRIMARY KEY AUTOINCREMENT,
		name TEXT NOT NULL UNIQUE,
		settings TEXT NOT NULL,             -- retriever.Collection as JSON
		schema TEXT NOT NULL,               -- retriever.Schema as JSON
		documents INTEGER NOT NULL DEFAULT 0,
		chunks INTEGER NOT NULL DEFAULT 0,
		vectors INTEGER NOT NULL DEFAULT 0,
		bytes INTEGER NOT NULL DEFAULT 0,
		last_ingest TEXT NOT NULL DEFAULT '',
		analysis INTEGER NOT NULL DEFAULT 1, -- text.Version of the terms
		analysed INTEGER NOT NULL DEFAULT 0)`, // last document row with terms of the next, see reanalyse
	documentsTable,
	documentsIndex,
	`CREATE TABLE chunks (
		key INTEGER PRIMARY KEY,            -- document row << 20 | ordinal
		id TEXT NOT NULL,
		text TEXT NOT NULL,
		context TEXT NOT NULL,
		headings TEXT NOT NULL,             -- JSON array or ''
		span_start INTEGER NOT NULL,
		span_end INTEGER NOT NULL,
		page INTEGER NOT NULL,
		tokens INTEGER NOT NULL)`,
	`CREATE TABLE chunk_index (
		key INTEGER PRIMARY KEY,            -- as in chunks
		id BLOB NOT NULL,                   -- the chunk's id, 16 bytes
		terms BLOB NOT NULL,                -- see encodeTerms
		vector BLOB)`,
	`CREATE TABLE changes (
		seq INTEGER PRIMARY KEY AUTOINCREMENT,
		kind INTEGER NOT NULL,              -- see changeKind
		collection INTEGER NOT NULL,
		document INTEGER NOT NULL)`,
	`CREATE TABLE records (
		collection TEXT NOT NULL,
		kind TEXT NOT NULL,
		key TEXT NOT NULL,
		value BLOB NOT NULL,
		PRIMARY KEY (collection, kind, key)) WITHOUT ROWID`,
	`CREATE TABLE leases (
		name TEXT PRIMARY KEY,
		owner TEXT NOT NULL,
		expires INTEGER NOT NULL) WITHOUT ROWID`, // Unix nanoseconds
	`CREATE TABLE embeddings (
		space TEXT NOT NULL,                -- Fingerprint.Key
		hash BLOB NOT NULL,                 -- of the text and its kind, 32 bytes
		vector BLOB,                        -- NULL: the text has no embedding
		UNIQUE (space, hash))`,
}

// What segment files are held against: an id of the database, and of each document's row a
// random mark, so that neither another database nor another past of this one passes for it.
// Triggers keep the marks, whoever writes.
var identity = []string{
	`CREATE TABLE store (id TEXT NOT NULL)`,
	`INSERT INTO store VALUES (lower(hex(randomblob(16))))`,
	`CREATE TABLE document_marks (
		collection INTEGER NOT NULL,
		row INTEGER NOT NULL,
		mark INTEGER NOT NULL,
		PRIMARY KEY (collection, row)) WITHOUT ROWID`,
	`INSERT INTO document_marks SELECT collection, row, random() FROM documents`,
	`CREATE TRIGGER document_marked AFTER INSERT ON documents BEGIN
		INSERT INTO document_marks VALUES (new.collection, new.row, random()); END`,
	`CREATE TRIGGER document_unmarked AFTER DELETE ON documents BEGIN
		DELETE FROM document_marks WHERE collection = old.collection AND row = old.row; END`,
}

// upgrades are the statements that bring a file of a format to the next one.
var upgrades = map[int][]string{
	// 2: IDs are unique within a collection, not over all. The rows keep their numbers, and
	// those that were used are not used again.
	1: append([]string{
		`ALTER TABLE documents RENAME TO documents_1`,
		`DROP INDEX documents_by_collection`,
		documentsTable,
		`INSERT INTO documents SELECT * FROM documents_1`,
		`DELETE FROM sqlite_sequence WHERE name = 'documents'`,
		`INSERT INTO sqlite_sequence (name, seq) SELECT 'documents', seq FROM sqlite_sequence WHERE name = 'documents_1'`,
		`DROP TABLE documents_1`,
		documentsIndex,
		`ALTER TABLE collections ADD COLUMN analysis INTEGER NOT NULL DEFAULT 1`,
		`ALTER TABLE collections ADD COLUMN analysed INTEGER NOT NULL DEFAULT 0`,
	}, identity...),
}

// migrate makes the tables of a new file, and brings an older one to this format.
func migrate(ctx context.Context, tx *sql.Tx) error {
	var version int
	if err := tx.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return err
	}
	if err := checkVersion(version); err != nil || version == formatVersion {
		return err
	}
	var statements []string
	if version == 0 {
		statements = append(statements, tables...)
		statements = append(statements, identity...)
		statements = append(statements, fmt.Sprintf(`PRAGMA application_id = %d`, applicationID))
	} else {
		for ; version < formatVersion; version++ {
			statements = append(statements, upgrades[version]...)
		}
	}
	statements = append(statements, fmt.Sprintf(`PRAGMA user_version = %d`, formatVersion))
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func checkVersion(version int) error {
	if version > formatVersion {
		return fmt.Errorf("format %d, this program knows %d: %w", version, formatVersion, retriever.ErrNewerFormat)
	}
	return nil
}

// checkHeader reads the first bytes of the file without SQLite, which would touch it. A
// missing or empty file passes.
func checkHeader(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	var header [108]byte // https://sqlite.org/fileformat2.html#the_database_header and the root page of the table of tables
	n, err := io.ReadFull(f, header[:])
	switch {
	case n == 0:
		return nil
	case err != nil || string(header[:16]) != "SQLite format 3\x00":
		return fmt.Errorf("not a database: %w", retriever.ErrCorrupt)
	}
	version, id := binary.BigEndian.Uint32(header[60:]), binary.BigEndian.Uint32(header[68:])
	const leaf = 13
	empty := header[100] == leaf && binary.BigEndian.Uint16(header[103:]) == 0
	if id != applicationID && (id != 0 || version != 0 || !empty) {
		return fmt.Errorf("a database of another program: %w", retriever.ErrCorrupt)
	}
	return checkVersion(int(version))
}
