package main

import (
	"context"
	"fmt"
)

// A system is a search engine under test. Its data lives in a folder of its own.
type system interface {
	// load fills the empty folder with the corpus, in batches.
	load(ctx context.Context, folder string, c *corpus) error
	// open makes the data ready to be asked, as a process does that has just started.
	open(ctx context.Context, folder string, c *corpus, truths []truth) error
	searches() []search
	close() error
}

// search is one way to ask a system for the best ten. It returns the documents' numbers
// in decimal, best first, once it has their texts in hand; an index alone gives neither.
type search struct {
	mode  string
	right func(truth) []int // what it must find; nil: nothing to compare with
	exact bool              // less than all of it is a failure
	ask   func(context.Context, query) ([]string, error)
}

// Modes, as the table calls them.
const (
	modeLexicalIndex   = "BM25, index alone"
	modeDenseIndex     = "dense, index alone"
	modeHybridIndex    = "both 100 deep, index alone"
	modeLexical        = "BM25"
	modeDense          = "dense"
	modeDenseFiltered  = "dense, 10 % filter"
	modeHybrid         = "hybrid"
	modeHybridFiltered = "hybrid, 10 % filter"
)

func rightLexical(t truth) []int       { return t.Lexical }
func rightDense(t truth) []int         { return t.Dense }
func rightDenseFiltered(t truth) []int { return t.DenseFiltered }

// Systems in the order they run and are shown.
var systemNames = []string{"ragway", "bleve", "chromem-go", "sqlite", "sqlite-c"}

func newSystem(name string) (system, error) {
	switch name {
	case "ragway":
		return &ragway{}, nil
	case "bleve":
		return &bleveIndex{}, nil
	case "chromem-go":
		return &chromemDB{}, nil
	case "sqlite":
		return &sqlite{driver: "sqlite"}, nil
	case "sqlite-c":
		if !sqliteInC {
			return nil, fmt.Errorf("sqlite-c: needs cgo and -tags sqlite_fts5")
		}
		return &sqlite{driver: "sqlite3"}, nil
	}
	return nil, fmt.Errorf("system %q: want one of %v", name, systemNames)
}
