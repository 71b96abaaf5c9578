package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// result is a target in a case: medians of the rounds. Added is over direct in the same
// round.
type result struct {
	Case     string  `json:"case"`
	Target   string  `json:"target"`
	AddedP50 float64 `json:"added_p50_ms"`
	AddedP99 float64 `json:"added_p99_ms"`
	AddedTTF float64 `json:"added_first_byte_p50_ms"`
	CPU      float64 `json:"cpu_ms_a_request"`
	MemoryMB int     `json:"peak_memory_mib"`
	Errors   int     `json:"errors"`
	OfP50    float64 `json:"added_p50_of_reverse"`
	OfTTF    float64 `json:"added_first_byte_of_reverse"`
	OfCPU    float64 `json:"cpu_of_reverse"`
}

func (c workload) order() []string {
	ragway := "ragway"
	if c.rag {
		ragway = "ragway-rag"
	}
	return []string{"direct", "reverse", ragway, "nginx", "gin-json"}
}

// runCase measures the targets in turn, round by round.
func runCase(ctx context.Context, o options, c workload, f *fleet) ([]result, error) {
	var targets []target
	for _, name := range c.order() {
		if t, ok := f.targets[name]; ok {
			targets = append(targets, t)
		}
	}
	added := map[string]*[4][]float64{}
	failed := map[string]int{}
	for round := range o.rounds {
		var direct sample
		for _, t := range targets {
			s := drive(ctx, o, c, t, round)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			failed[t.name] += s.errors
			if t.name == "direct" {
				direct = s
				continue
			}
			if added[t.name] == nil {
				added[t.name] = &[4][]float64{}
			}
			for k, v := range []float64{
				ms(quantile(s.latency, .5) - quantile(direct.latency, .5)), ms(quantile(s.latency, .99) - quantile(direct.latency, .99)),
				ms(quantile(s.first, .5) - quantile(direct.first, .5)), ms(s.cpu),
			} {
				added[t.name][k] = append(added[t.name][k], v)
			}
		}
	}
	var out []result
	for _, t := range targets[1:] {
		a := added[t.name]
		out = append(out, result{
			Case: c.name, Target: t.name, AddedP50: median(a[0]), AddedP99: median(a[1]), AddedTTF: median(a[2]), CPU: mean(a[3]),
			MemoryMB: memoryOf(t.pid), Errors: failed[t.name],
		})
	}
	base := out[0] // the reverse proxy is first
	for i := range out {
		out[i].OfP50, out[i].OfTTF, out[i].OfCPU = out[i].AddedP50/base.AddedP50, out[i].AddedTTF/base.AddedTTF, out[i].CPU/base.CPU
	}
	return out, nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(of []float64) float64 {
	sorted := slices.Clone(of)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

func mean(of []float64) float64 {
	sum := 0.0
	for _, x := range of {
		sum += x
	}
	return sum / float64(len(of))
}

func printTable(c workload, results []result) {
	fmt.Printf("\n%s: body of %d KB, retrieval %v, stream %v\n", c.name, c.size>>10, c.rag, c.stream)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "target\tadded p50 ms\tof reverse\tadded p99 ms\tadded first byte ms\tof reverse\tCPU ms\tof reverse\tpeak MiB\terrors\t")
	for _, r := range results {
		fmt.Fprintf(w, "%s\t%.3f\t%.2f\t%.3f\t%.3f\t%.2f\t%.3f\t%.2f\t%d\t%d\t\n", r.Target, r.AddedP50, r.OfP50, r.AddedP99, r.AddedTTF, r.OfTTF, r.CPU, r.OfCPU, r.MemoryMB, r.Errors)
	}
	_ = w.Flush() // standard output
}
