package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"ragway/ingest"
)

// ingestMetrics registers what an ingest in this process counts.
func ingestMetrics(reg prometheus.Registerer) ingest.Observer {
	documents := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ragway_ingest_documents_total", Help: "Documents an ingest dealt with, by what became of them.",
	}, []string{"result"})
	chunks := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "ragway_ingest_chunks_total", Help: "Chunks stored.",
	})
	failures := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ragway_ingest_failures_total", Help: "Documents that failed, by reason.",
	}, []string{"reason"})
	reg.MustRegister(documents, chunks, failures)
	return ingest.Observer{
		Document: func(result ingest.Action, n int) {
			documents.WithLabelValues(string(result)).Inc()
			chunks.Add(float64(n))
		},
		Failure: func(reason ingest.Reason) { failures.WithLabelValues(string(reason)).Inc() },
	}
}
