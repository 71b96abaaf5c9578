// Command ragway answers from an operator's own documents through any client of OpenAI,
// Anthropic or Google.
//
// # A tour, bottom-up
//
// Start with the words. Package retriever names everything search is about: a Collection
// of Documents, each cut into Chunks, read within a Scope (the zero Scope sees nothing)
// and narrowed by a Filter. Its ports are Store and Embedder; retrievertest.TestStore is
// the contract of the first in executable form, and two stores pass it:
//
//   - retriever/local keeps everything in one SQLite file and searches it in memory;
//     several processes may have it open, and follow each other's changes;
//   - retriever/qdrant keeps one Qdrant collection a ragway collection, behind an alias.
//
// Both index words as retriever/text finds them. Vectors come from retriever/builtin, a
// table in the binary, or from retriever/openai, any server with /v1/embeddings.
//
// retriever.Engine answers a Query: it asks each collection for the best chunks by words
// and by vector, fuses the two lists (retriever.Fusion), and selects hits (min score,
// duplicates, budget). retriever.Ask finds the question in a conversation.
//
// Package ingest fills a store: a Source (ingest/source: folders, web pages, buckets,
// programs) offers items, Engine.Plan compares them with what is stored, and Engine.Apply reads, extracts (ingest/extract),
// chunks (ingest/chunk), embeds and stores what differs, each document whole. What fails
// goes to a ledger with a typed reason. A Move builds a collection beside another, embedded
// anew or in another store, and puts it in its place (retriever.Stager).
//
// Package gateway is the server. A request to a model is authenticated, decoded, understood,
// enriched and forwarded; the answer's citations are checked on the way back. Three leaf
// packages do the work that needs no server: gateway/wire splices JSON and reads event
// streams without re-encoding a byte, in four protocols behind one interface; gateway/prompt
// words requests by a profile and fences the context; gateway/ground finds citations.
// gateway/upstream chooses among model servers and calls them, and holds the extractive
// answerer that stands in when there is none. gateway/mcp serves assistants.
//
// gateway/uploads keeps files that clients upload and has them ingested by a function
// that this command hands it, so that the gateway knows nothing of package ingest.
//
// Package configs is the configuration; configs/ragway.yaml documents every key. Package
// docs embeds the manual.
//
// This command wires them together, one file a subcommand. app.go opens what a command
// needs in the order it is needed and closes it in reverse; cli.go holds the grammar and
// the exit codes. Nothing below this package reads flags or the environment.
package main
