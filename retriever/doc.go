// Package retriever holds the vocabulary of ragway's search and the engine that
// answers a query: plan, candidates, fuse, select.
//
// The vocabulary is Collection, Document, Chunk, Scope, Filter, Query and Hit; the
// ports are [Store] and [Embedder]. Adapters live in the packages below and
// import this one; this one imports none of them. Everything a store must promise is in
// the doc comments of the ports, and retrievertest.TestStore holds each store to it.
package retriever
