package gateway

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ragway/retriever"
)

// catalogFunc lists every collection, whoever owns it. Only cmd can say so: it holds the
// operator's Scope.
type catalogFunc = func(context.Context) ([]retriever.CollectionInfo, error)

// catalogTimeout bounds a scrape's question to the store: Prometheus gives up after ten
// seconds, and the other metrics are worth more than these.
const catalogTimeout = 2 * time.Second

// collectionCollector asks the store at each scrape: other processes ingest too.
type collectionCollector struct {
	catalog                              catalogFunc
	documents, chunks, timestamp, recall *prometheus.Desc
}

func newCollectionCollector(catalog catalogFunc) *collectionCollector {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"collection"}, nil)
	}
	return &collectionCollector{
		catalog:   catalog,
		documents: desc("ragway_collection_documents", "Documents in a collection."),
		chunks:    desc("ragway_collection_chunks", "Chunks in a collection."),
		timestamp: desc("ragway_collection_last_ingest_timestamp_seconds", "When a document was last stored or deleted."),
		recall:    desc("ragway_index_recall_estimate", "Recall@10 of the vector index against an exact scan, as measured when it was built."),
	}
}

// Describe implements prometheus.Collector.
func (c *collectionCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.documents
	ch <- c.chunks
	ch <- c.timestamp
	ch <- c.recall
}

// Collect implements prometheus.Collector. A store that does not answer leaves the series
// out: a stale number would look like a fresh one.
func (c *collectionCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), catalogTimeout)
	defer cancel()
	infos, err := c.catalog(ctx)
	if err != nil {
		return
	}
	for _, i := range infos {
		ch <- prometheus.MustNewConstMetric(c.documents, prometheus.GaugeValue, float64(i.Documents), i.Name)
		ch <- prometheus.MustNewConstMetric(c.chunks, prometheus.GaugeValue, float64(i.Chunks), i.Name)
		if i.Vectors > 0 {
			ch <- prometheus.MustNewConstMetric(c.recall, prometheus.GaugeValue, i.RecallEstimate, i.Name)
		}
		if !i.LastIngest.IsZero() {
			ch <- prometheus.MustNewConstMetric(c.timestamp, prometheus.GaugeValue, float64(i.LastIngest.Unix()), i.Name)
		}
	}
}
