// Package ingest turns what a source offers into documents in a store: plan, then apply.
//
// The vocabulary is Item, Extracted, Block, Plan, Event and Summary; the ports are
// [Source], [Extractor] and [Chunker]. Where documents come from (ingest/source), how
// bytes become text (ingest/extract) and how text becomes chunks (ingest/chunk) are
// adapters that import this package; it imports none of them.
package ingest
