package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strconv"

	"github.com/philippgille/chromem-go"
)

// chromemDB is chromem-go in memory. Its files are left out: they are named by 32 bits of
// a hash, so that of 100,000 documents some overwrite others. Its open is thus a load.
type chromemDB struct{ collection *chromem.Collection }

func (d *chromemDB) load(context.Context, string, *corpus) error { return nil }

func (d *chromemDB) open(ctx context.Context, _ string, c *corpus, _ []truth) (err error) {
	unused := func(context.Context, string) ([]float32, error) { return nil, fmt.Errorf("no embedder") }
	if d.collection, err = chromem.NewDB().CreateCollection(collection, nil, unused); err != nil {
		return err
	}
	defer debug.FreeOSMemory() // what the generator left is not chromem-go's
	return c.batches(2000, func(docs []document) error {
		out := make([]chromem.Document, len(docs))
		for i, doc := range docs {
			out[i] = chromem.Document{ID: strconv.Itoa(doc.number), Content: doc.text, Embedding: doc.vector,
				Metadata: map[string]string{"source": doc.source, "year": fmt.Sprint(doc.year), "date": doc.date, "team": doc.team}}
		}
		return d.collection.AddDocuments(ctx, out, runtime.GOMAXPROCS(0))
	})
}

func (d *chromemDB) searches() []search {
	return []search{
		{mode: modeDense, right: rightDense, ask: d.asking(nil)},
		{mode: modeDenseFiltered, right: rightDenseFiltered, ask: d.asking(map[string]string{"team": team(filterTeam)})},
	}
}

func (d *chromemDB) asking(where map[string]string) func(context.Context, query) ([]string, error) {
	return func(ctx context.Context, q query) ([]string, error) {
		results, err := d.collection.QueryEmbedding(ctx, q.Vector, top, where, nil)
		if err != nil {
			return nil, err
		}
		var found []string
		for _, r := range results {
			found = append(found, r.ID)
		}
		return found, nil
	}
}

func (d *chromemDB) close() error { return nil }
