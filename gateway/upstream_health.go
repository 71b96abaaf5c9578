package gateway

import "github.com/prometheus/client_golang/prometheus"

// watched is an Upstream that tells how the servers behind it are doing.
type watched interface {
	Upstreams() []UpstreamStatus
}

// upstreamStates are the states by name; nil where the upstream does not tell.
func (s *Server) upstreamStates() map[string]string {
	w, ok := s.opt.Upstream.(watched)
	if !ok {
		return nil
	}
	states := map[string]string{}
	for _, u := range w.Upstreams() {
		states[u.Name] = u.State
	}
	return states
}

// upstreamCollector shows the upstreams' health when metrics are scraped.
type upstreamCollector struct {
	watched
	up, running, waiting, fallbacks *prometheus.Desc
}

func newUpstreamCollector(w watched) *upstreamCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &upstreamCollector{
		watched:   w,
		up:        desc("ragway_upstream_up", "1 unless calls to the model server keep failing; 0 also while it is left alone.", "upstream"),
		running:   desc("ragway_upstream_running", "Calls under way, where they are bounded.", "upstream"),
		waiting:   desc("ragway_upstream_queue", "Calls that wait for one under way to end.", "upstream"),
		fallbacks: desc("ragway_upstream_fallbacks_total", "Calls that one model server left to another.", "from", "to"),
	}
}

// Describe implements prometheus.Collector.
func (c *upstreamCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.up, c.running, c.waiting, c.fallbacks} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *upstreamCollector) Collect(out chan<- prometheus.Metric) {
	for _, u := range c.Upstreams() {
		up := 1.0
		if u.State == "open" || u.State == "failing" {
			up = 0
		}
		out <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, up, u.Name)
		out <- prometheus.MustNewConstMetric(c.running, prometheus.GaugeValue, float64(u.Running), u.Name)
		out <- prometheus.MustNewConstMetric(c.waiting, prometheus.GaugeValue, float64(u.Waiting), u.Name)
		for to, n := range u.Fallbacks {
			out <- prometheus.MustNewConstMetric(c.fallbacks, prometheus.CounterValue, float64(n), u.Name, to)
		}
	}
}
