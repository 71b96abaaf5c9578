package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/mapping"
)

// bleveIndex is bleve's own index, scorch, with its BM25 (the same k1 and b) and its
// English analysis. The offline builder leaves one merged segment: the fastest to search.
type bleveIndex struct{ index bleve.Index }

func bleveMapping() mapping.IndexMapping {
	field := bleve.NewTextFieldMapping()
	field.Analyzer = en.AnalyzerName
	field.IncludeTermVectors, field.IncludeInAll, field.DocValues = false, false, false
	doc := bleve.NewDocumentStaticMapping()
	doc.AddFieldMappingsAt("text", field)
	m := bleve.NewIndexMapping()
	m.DefaultMapping = doc
	m.ScoringModel = "bm25"
	return m
}

func (b *bleveIndex) load(_ context.Context, folder string, c *corpus) error {
	builder, err := bleve.NewBuilder(filepath.Join(folder, "index"), bleveMapping(), map[string]any{"buildPathPrefix": folder, "batchSize": 2000})
	if err != nil {
		return err
	}
	err = c.batches(2000, func(docs []document) error {
		for _, d := range docs {
			if err := builder.Index(strconv.Itoa(d.number), map[string]any{"text": d.text}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return builder.Close()
}

func (b *bleveIndex) open(_ context.Context, folder string, c *corpus, _ []truth) (err error) {
	if b.index, err = bleve.Open(filepath.Join(folder, "index")); err != nil {
		return err
	}
	n, err := b.index.DocCount()
	if err == nil && n != uint64(c.size) {
		return fmt.Errorf("%d documents, want %d", n, c.size)
	}
	return err
}

func (b *bleveIndex) searches() []search {
	return []search{{mode: modeLexical, right: rightLexical, ask: b.ask}}
}

func (b *bleveIndex) ask(ctx context.Context, q query) ([]string, error) {
	match := bleve.NewMatchQuery(q.Text)
	match.SetField("text")
	request := bleve.NewSearchRequestOptions(match, top, 0, false)
	request.Fields = []string{"text"}
	result, err := b.index.SearchInContext(ctx, request)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, hit := range result.Hits {
		if hit.Fields["text"] == nil {
			return nil, fmt.Errorf("hit %s has no text", hit.ID)
		}
		found = append(found, hit.ID)
	}
	return found, nil
}

func (b *bleveIndex) close() error { return b.index.Close() }
