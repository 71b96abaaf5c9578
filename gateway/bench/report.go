package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// machine is what a run's figures depend on.
type machine struct {
	Processors int     `json:"processors"`
	MaxProcs   int     `json:"gomaxprocs"` // of every process in Go
	Go         string  `json:"go"`
	Load       string  `json:"load_average"` // when the run began
	Rounds     int     `json:"rounds"`
	Period     float64 `json:"period_seconds"`
}

func describe(o options) machine {
	m := machine{Processors: runtime.NumCPU(), MaxProcs: runtime.GOMAXPROCS(0), Go: runtime.Version(), Rounds: o.rounds, Period: o.period.Seconds()}
	if data, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load = strings.Join(strings.Fields(string(data))[:3], " ")
	}
	return m
}

func (m machine) print(w io.Writer) {
	fmt.Fprintf(w, "each target for %g s at a time, medians of %d rounds; %d processors, GOMAXPROCS %d, %s; load average before %s\n",
		m.Period, m.Rounds, m.Processors, m.MaxProcs, m.Go, m.Load)
}

// result is a target in a case: medians of the rounds, and of processor time the mean.
// Added is over direct in the same round. Ratios are to the reverse proxy, and left out
// where that added nothing that could be measured.
type result struct {
	Case     string  `json:"case"`
	Rate     int     `json:"rate"`
	Target   string  `json:"target"`
	Direct   float64 `json:"direct_p50_ms"`
	AddedP50 float64 `json:"added_p50_ms"`
	AddedP99 float64 `json:"added_p99_ms"`
	DirectTT float64 `json:"direct_first_byte_p50_ms"`
	AddedTTF float64 `json:"added_first_byte_p50_ms"`
	CPU      float64 `json:"cpu_ms_a_request"`
	MemoryMB int     `json:"peak_memory_mib"`
	Errors   int     `json:"errors"`
	Error    string  `json:"first_error,omitempty"`
	Behind   int     `json:"rounds_behind_the_rate"`
	OfP50    float64 `json:"added_p50_of_reverse,omitempty"`
	OfTTF    float64 `json:"added_first_byte_of_reverse,omitempty"`
	OfCPU    float64 `json:"cpu_of_reverse,omitempty"`
}

// table is a case with all its targets.
type table struct {
	workload workload
	sentLate float64 // ms, the 99th percentile by which requests were sent too late
	results  []result
}

// order is the one in which targets take turns; the first two are the baselines.
func (w workload) order() []string {
	ragway := "ragway"
	if w.rag {
		ragway = "ragway-rag"
	}
	return []string{"direct", "reverse", ragway, "nginx", "gin-json"}
}

// measureCase measures the targets in turn, round by round.
func measureCase(ctx context.Context, o options, c workload, f *fleet) (table, error) {
	var targets []target
	for _, name := range c.order() {
		if t, ok := f.targets[name]; ok {
			targets = append(targets, t)
			forgetPeak(t.pid)
		}
	}
	rounds := map[string][]sample{}
	for round := range o.rounds {
		for _, t := range targets {
			rounds[t.name] = append(rounds[t.name], drive(ctx, o, c, t, round))
			if ctx.Err() != nil {
				return table{}, ctx.Err()
			}
		}
	}
	direct := rounds["direct"]
	out := table{workload: c}
	var late []float64
	for _, t := range targets {
		late = append(late, each(rounds[t.name], sentP99)...)
		if t.name != "direct" {
			out.results = append(out.results, summarize(o, c, t, rounds[t.name], direct))
		}
	}
	out.sentLate = median(late)
	base := out.results[0] // the reverse proxy
	for i := range out.results {
		r := &out.results[i]
		r.OfP50, r.OfTTF, r.OfCPU = ratio(r.AddedP50, base.AddedP50), ratio(r.AddedTTF, base.AddedTTF), ratio(r.CPU, base.CPU)
	}
	return out, nil
}

func summarize(o options, c workload, t target, rounds, direct []sample) result {
	added := func(f func(sample) float64) float64 {
		differences := each(rounds, f)
		for i, d := range each(direct, f) {
			differences[i] -= d
		}
		return median(differences)
	}
	r := result{
		Case: c.name, Rate: c.rate, Target: t.name, Direct: median(each(direct, p50)), DirectTT: median(each(direct, firstP50)), AddedP50: added(p50), AddedP99: added(p99), AddedTTF: added(firstP50),
		CPU: mean(each(rounds, func(s sample) float64 { return ms(s.cpu) })), MemoryMB: memoryOf(t.pid),
	}
	for i, s := range rounds {
		if r.Errors += len(s.failed); r.Error == "" && len(s.failed) > 0 {
			r.Error = s.failed[0].Error()
		}
		if behind(s, direct[i], o.period) {
			r.Behind++
		}
	}
	return r
}

// behind says whether a target was left with more to answer, when the last request was due,
// than it takes on in a twentieth of the period.
func behind(s, direct sample, period time.Duration) bool {
	return s.overdue-quantile(direct.whole, .5) > period/20
}

func p50(s sample) float64      { return ms(quantile(s.whole, .5)) }
func p99(s sample) float64      { return ms(quantile(s.whole, .99)) }
func firstP50(s sample) float64 { return ms(quantile(s.first, .5)) }
func sentP99(s sample) float64  { return ms(quantile(s.sent, .99)) }

func each(rounds []sample, f func(sample) float64) []float64 {
	var out []float64
	for _, s := range rounds {
		out = append(out, f(s))
	}
	return out
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// quantile is the q-th of some durations, 0 of none.
func quantile(of []time.Duration, q float64) time.Duration {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

func mean(of []float64) float64 {
	sum := 0.0
	for _, x := range of {
		sum += x
	}
	return sum / float64(len(of))
}

// ratio is 0 where there is none.
func ratio(a, base float64) float64 {
	if base <= 0 {
		return 0
	}
	return a / base
}

func (t table) print(out io.Writer) {
	fmt.Fprintf(out, "\n%s: %d requests/s with a body of %d KB, retrieval %v, stream %v; direct p50 %.3f ms, first byte %.3f ms; sent late by %.3f ms at p99\n",
		t.workload.name, t.workload.rate, t.workload.size>>10, t.workload.rag, t.workload.stream, t.results[0].Direct, t.results[0].DirectTT, t.sentLate)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "target\tadded p50 ms\tof reverse\tadded p99 ms\tadded first byte ms\tof reverse\tCPU ms\tof reverse\tpeak MiB\terrors\t")
	for _, r := range t.results {
		fmt.Fprintf(w, "%s\t%.3f\t%.2f\t%.3f\t%.3f\t%.2f\t%.3f\t%.2f\t%d\t%d\t\n", r.Target, r.AddedP50, r.OfP50, r.AddedP99, r.AddedTTF, r.OfTTF, r.CPU, r.OfCPU, r.MemoryMB, r.Errors)
	}
	_ = w.Flush() // out says so itself
	for _, r := range t.results {
		if r.Error != "" {
			fmt.Fprintf(out, "%s: the first of %d errors: %s\n", r.Target, r.Errors, r.Error)
		}
		if r.Behind > 0 {
			fmt.Fprintf(out, "%s did not hold the rate in %d rounds: its figures are those of a queue\n", r.Target, r.Behind)
		}
	}
}
