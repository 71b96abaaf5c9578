// Package local is the embedded store: one SQLite file in the data folder is the truth,
// an index in memory is derived from it.
//
// # On disk
//
// ragway.db, in WAL mode with synchronous=FULL: what Put acknowledged has been synced.
// Any number of processes may read and write it. Each transaction that changes documents
// appends to the table changes; its sequence number names a state of the file.
//
// # In memory
//
// A [Store] keeps one immutable view at a sequence number. A read opens a transaction,
// which pins a state of the file, and first brings the view to exactly that state. So a
// read sees everything committed before it began, by any process, and the rows behind
// the index cannot vanish under it. A poller does the same in the background, to keep
// the work out of queries. A collection's index is built when it is first searched or by
// Ping: a process that only ingests never holds it.
//
// An index is a list of immutable segments, each with a bitmap of what is deleted from
// it. New documents become a small segment; the poller merges segments that have grown
// alike and rewrites those with many deletions. A segment holds postings for BM25,
// vectors in fixed point with their sign-bit codes, and for each metadata field, the
// tenant and the access list, sorted values with the documents that have them; of strings
// that are dates, also the moments.
//
// That last structure takes the place of one compressed bitmap a value: in an immutable
// segment the documents of a value, and of a range of values, are one slice. It costs
// four bytes a document and value also where every document has a value of its own, where
// a bitmap costs over a hundred. A filter is evaluated once a query into plain bitmaps,
// before selection.
//
// Texts stay on disk: candidates are few, and texts would be most of the memory.
package local
