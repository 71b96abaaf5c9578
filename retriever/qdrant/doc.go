// Package qdrant is a retriever.Store on a Qdrant server, 1.17 or newer, reached over
// gRPC. Any number of ragway processes may share one server.
//
// # What lies where
//
// A ragway collection is one Qdrant collection, PREFIX NAME "." FINGERPRINT, behind the
// alias PREFIX NAME. Its Metadata holds the format number, the collection's settings, the
// number of the analysis that its words were taken by, and the average length that its BM25
// weights were computed with. Four kinds of point are in it, told apart by the payload
// field "kind":
//
//   - chunk: the vectors "dense" (cosine; absent in a collection without a space) and
//     "bm25" (sparse, see weights), and the payload other clients of the database know:
//     content, title, source, url, document_id, page, metadata. Its id is the chunk's.
//     Strings of the metadata that are dates are once more under "dates", where ranges of
//     dates have their index. Every field that is filtered by has one, and the server's
//     strict mode refuses what would be a scan.
//   - document: the manifest, without vectors, with the whole Document; its id is the
//     document's. A document exists, in the version its manifest says, when it has one.
//   - field: the type of one filterable field. Inserting never overwrites, so that two
//     processes that meet a new field at once agree on the type of one of them.
//   - head: when the collection was last written.
//
// State records and leases are points without vectors in the collection PREFIX "state".
//
// # Documents are atomic
//
// A write upserts the new version's chunks, then the manifest, then deletes the older
// chunks of the document. A reader takes chunks first, then the manifests of their
// documents, and drops chunks of any version but the manifest's. So at every moment the
// chunks of the manifest's version are all there, a crash between the steps leaves at
// worst chunks that readers ignore, and the document's next Put or Delete removes them.
//
// A query may straddle a commit: it ran before the new chunks were there, the manifest was
// read after. Readers therefore trust a manifest only if they had read it before the query
// as well, or if it was committed longer ago than settleTime; otherwise they query again.
// What this does not cover: one query of the server that looks at one of its segments
// before, and at another after, all three acknowledged steps of one write.
//
// Writers order themselves by the field "started", microseconds that never go back for a
// document: the later start wins, and nobody deletes chunks of a write that started later.
// That keeps two Puts of one document apart. A Delete that meets a Put of the same
// document needs the collection's lease, which ingest holds.
//
// # Versions
//
// A collection of a newer format or analysis is left alone. One whose words an older
// analysis took is served as it is and rewritten behind the scenes, see Store.rewrite;
// ranges of dates over a collection from before those were kept apart are decided here
// until then, for the best maxPage chunks of each list.
//
// # Nodes
//
// Several addresses are used in turn, one connection each, and those that do not answer are
// left out; a connection that was lost is tried again within a second. Every call has a
// deadline. What no node took is tried five times in all, within about a second.
//
// With two copies of each shard on three nodes, one of them killed and restarted under load
// cost no read and no write, none of which waited longer than 1.8 s, and every acknowledged
// document was there. With two nodes, writes wait until the other is back: the server takes
// a copy out of use by a majority of nodes. A node that hangs stalls the first write for
// 10 s.
//
// # Differences from the embedded store
//
// On SciFact, with the built-in embedder, the first ten agree to .9997 by vector, .997 by
// words and .998 by both, and nDCG@10 to .0013.
//
// IDF is the server's: per shard, and deleted chunks count until their segment is
// vacuumed. Term ids are 32-bit hashes; two terms that collide are one term to this store.
// The average length is frozen at the first Put, see averageLength.
package qdrant
