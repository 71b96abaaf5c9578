package gateway

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the gateway's instruments. Label values come from closed sets only: a
// registered route, a status code, a stage, a configured upstream's name.
type metrics struct {
	requests      *prometheus.CounterVec
	duration      *prometheus.HistogramVec
	stageDuration *prometheus.HistogramVec
	stageErrors   *prometheus.CounterVec
	degraded      *prometheus.CounterVec
	upstream      *prometheus.CounterVec
	aborted       *prometheus.CounterVec
	hits          prometheus.Histogram
	empty         prometheus.Counter
	topScore      prometheus.Histogram
	contextTokens prometheus.Histogram
	citations     *prometheus.CounterVec
	answers       *prometheus.CounterVec
	profiles      *prometheus.CounterVec
	embedTokens   prometheus.Counter
	rewriteTokens prometheus.Counter
	tokenUsage    *prometheus.HistogramVec
	firstToken    prometheus.Histogram
}

// Bounds of the classic buckets. Native ones need none.
var (
	secondsBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}
	tokenBuckets   = []float64{1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576} // as OpenTelemetry advises
	scoreBuckets   = prometheus.LinearBuckets(.1, .1, 10)
	hitBuckets     = []float64{0, 1, 2, 3, 4, 6, 8, 12, 16, 32}
)

// histogram has classic buckets and native ones, of at most 10 % width.
func histogram(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
	}
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func newMetrics(reg prometheus.Registerer, v Version, catalog catalogFunc) (*metrics, error) {
	m := &metrics{
		requests:      counter("ragway_http_requests_total", "HTTP requests answered.", "route", "code"),
		duration:      prometheus.NewHistogramVec(histogram("ragway_http_request_duration_seconds", "Time from the first byte in to the last byte out.", secondsBuckets), []string{"route"}),
		stageDuration: prometheus.NewHistogramVec(histogram("ragway_stage_duration_seconds", "Time spent in each stage of a request.", secondsBuckets), []string{"stage"}),
		stageErrors:   counter("ragway_stage_errors_total", "Requests that failed, by stage and error code.", "stage", "reason"),
		degraded:      counter("ragway_degraded_total", "Answers given although a part was lost, by the part.", "stage"),
		upstream:      counter("ragway_upstream_requests_total", "Calls to model servers; code is a status, or error when none came.", "upstream", "code"),
		aborted:       counter("ragway_streams_aborted_total", "Streams that ended before their answer was complete, by who broke off.", "by"),
		hits:          prometheus.NewHistogram(histogram("ragway_retrieval_hits", "Passages found for a request.", hitBuckets)),
		empty:         prometheus.NewCounter(prometheus.CounterOpts{Name: "ragway_retrieval_empty_total", Help: "Retrievals that found nothing relevant enough."}),
		topScore:      prometheus.NewHistogram(histogram("ragway_retrieval_top_score", "Relevance of the best passage of a retrieval that found any.", scoreBuckets)),
		contextTokens: prometheus.NewHistogram(histogram("ragway_context_tokens", "Tokens of context put into a request.", tokenBuckets)),
		citations:     counter("ragway_citations_total", "Citation markers in answers.", "validity"),
		answers:       counter("ragway_answers_total", "Answers by verdict on their groundedness.", "verdict"),
		profiles:      counter("ragway_profile_requests_total", "Requests to models, by the prompt profile they were under and its version.", "profile", "version"),
		embedTokens:   prometheus.NewCounter(prometheus.CounterOpts{Name: "ragway_embed_tokens_total", Help: "Tokens given to the embedder."}),
		rewriteTokens: prometheus.NewCounter(prometheus.CounterOpts{Name: "ragway_rewrite_tokens_total", Help: "Tokens that rewording questions took, of prompt and reply."}),
		tokenUsage:    prometheus.NewHistogramVec(histogram("gen_ai_client_token_usage", "Tokens a model server reports for one call.", tokenBuckets), []string{"gen_ai_token_type"}),
		firstToken:    prometheus.NewHistogram(histogram("gen_ai_server_time_to_first_token_seconds", "Time from a call to the first event of its stream.", secondsBuckets)),
	}
	all := []prometheus.Collector{
		m.requests, m.duration, m.stageDuration, m.stageErrors, m.degraded, m.upstream, m.aborted, m.hits, m.empty,
		m.topScore, m.contextTokens, m.citations, m.answers, m.profiles, m.embedTokens, m.rewriteTokens, m.tokenUsage, m.firstToken, buildInfo(v),
	}
	if catalog != nil {
		all = append(all, newCollectionCollector(catalog))
	}
	for _, c := range all {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func buildInfo(v Version) prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "ragway_build_info", Help: "What is running; always 1.",
		ConstLabels: prometheus.Labels{"version": v.Version, "revision": v.Revision, "goversion": runtime.Version()},
	})
	g.Set(1)
	return g
}

// observeRequest counts one answered request.
func (m *metrics) observeRequest(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(route).Observe(took.Seconds())
}

// ObserveStage records a stage of work done for requests elsewhere, as the retrieval engine
// reports it. Names come from a closed set.
func (s *Server) ObserveStage(stage string, took time.Duration, _ error) {
	s.metrics.stageDuration.WithLabelValues(stage).Observe(took.Seconds())
}

// failed counts the error a request was answered with.
func (m *metrics) failed(e *Error) {
	m.stageErrors.WithLabelValues(e.Stage, e.Code).Inc()
}

// called counts one call to an upstream.
func (m *metrics) called(name string, reply *Reply, err error) {
	switch {
	case err == nil:
		m.upstream.WithLabelValues(name, strconv.Itoa(reply.Status)).Inc()
	case errors.Is(err, context.Canceled):
		m.upstream.WithLabelValues(name, "canceled").Inc()
	default:
		m.upstream.WithLabelValues(name, "error").Inc()
	}
}

// Who broke a stream off.
const (
	byClient   = "client"
	byUpstream = "upstream"
	byGateway  = "gateway"
)
