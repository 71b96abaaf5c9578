-- The tables of format 1, as the program made them.
CREATE TABLE collections (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL,             -- retriever.Collection as JSON
    schema TEXT NOT NULL,               -- retriever.Schema as JSON
    documents INTEGER NOT NULL DEFAULT 0,
    chunks INTEGER NOT NULL DEFAULT 0,
    vectors INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    last_ingest TEXT NOT NULL DEFAULT '');
CREATE TABLE documents (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL REFERENCES collections(row),
    id TEXT NOT NULL UNIQUE,
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
    updated_at TEXT NOT NULL);
CREATE INDEX documents_by_collection ON documents(collection, id);
CREATE TABLE chunks (
    key INTEGER PRIMARY KEY,            -- document row << 20 | ordinal
    id TEXT NOT NULL,
    text TEXT NOT NULL,
    context TEXT NOT NULL,
    headings TEXT NOT NULL,             -- JSON array or ''
    span_start INTEGER NOT NULL,
    span_end INTEGER NOT NULL,
    page INTEGER NOT NULL,
    tokens INTEGER NOT NULL);
CREATE TABLE chunk_index (
    key INTEGER PRIMARY KEY,            -- as in chunks
    id BLOB NOT NULL,                   -- the chunk's id, 16 bytes
    terms BLOB NOT NULL,                -- see encodeTerms
    vector BLOB);
CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,              -- see changeKind
    collection INTEGER NOT NULL,
    document INTEGER NOT NULL);
CREATE TABLE records (
    collection TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (collection, kind, key)) WITHOUT ROWID;
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    expires INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE embeddings (
    space TEXT NOT NULL,                -- Fingerprint.Key
    hash BLOB NOT NULL,                 -- of the text and its kind, 32 bytes
    vector BLOB,                        -- NULL: the text has no embedding
    UNIQUE (space, hash));
PRAGMA application_id = 1380009815;
PRAGMA user_version = 1;
