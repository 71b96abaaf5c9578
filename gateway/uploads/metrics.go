package uploads

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// scrapeTimeout bounds what a scrape asks of the store; see the gateway's collections.
const scrapeTimeout = 2 * time.Second

// collector asks the store at each scrape: other processes take uploads too.
type collector struct {
	l                            *Library
	files, bytes, limit, waiting *prometheus.Desc
}

// Collector tells how full the library is and how much waits to be ingested.
func (l *Library) Collector() prometheus.Collector {
	desc := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }
	return collector{
		l:       l,
		files:   desc("ragway_upload_files", "Uploaded files that are kept."),
		bytes:   desc("ragway_upload_bytes", "Bytes of them."),
		limit:   desc("ragway_upload_limit_bytes", "Bytes that there is room for in all."),
		waiting: desc("ragway_upload_collections_waiting", "Collections in which something uploaded is to be ingested or taken out."),
	}
}

// Describe implements prometheus.Collector.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.files
	ch <- c.bytes
	ch <- c.limit
	ch <- c.waiting
}

// Collect implements prometheus.Collector. A store that does not answer leaves the series
// out.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	kept, err := c.l.files.all(ctx, home)
	if err != nil {
		return
	}
	waiting, err := c.l.queue.all(ctx, home)
	if err != nil {
		return
	}
	var bytes int64
	for _, f := range kept {
		bytes += f.Bytes
	}
	gauge := func(d *prometheus.Desc, v float64) { ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	gauge(c.files, float64(len(kept)))
	gauge(c.bytes, float64(bytes))
	gauge(c.limit, float64(c.l.o.TotalBytes))
	gauge(c.waiting, float64(len(waiting)))
}
