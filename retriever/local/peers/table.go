package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// writeTable prints the searches beside ragway's, then what each system cost to load, to
// open and to keep.
func writeTable(w io.Writer, documents, queries int, reports []report) error {
	fmt.Fprintf(w, "%d documents × %d dimensions, %d queries, one thread; %s, %s\n\n", documents, dimension, queries, runtime.Version(), machine())
	row(w, "System", "Search", "p50 ms", "p99 ms", "recall@10", "× ragway")
	row(w, "---", "---", "---:", "---:", "---:", "---:")
	rows := append(searchRows(reports), sumRows(reports)...)
	for _, s := range rows {
		row(w, s.system, s.Mode, milliseconds(s.Times, 0.5), milliseconds(s.Times, 0.99), s.recall(), s.ratio(rows))
	}
	fmt.Fprintln(w)
	row(w, "System", "index s", "disk MB", "open s", "resident MB", "own MB", "after queries", "peak MB")
	row(w, "---", "---:", "---:", "---:", "---:", "---:", "---:", "---:")
	for _, r := range reports {
		row(w, titles[r.System], fmt.Sprintf("%.1f", r.Load.Seconds), megabytes(r.Load.Bytes), fmt.Sprintf("%.2f", r.Open), megabytes(r.AtOpen.Resident),
			megabytes(r.AtOpen.Own), megabytes(r.AtEnd.Resident), megabytes(r.AtEnd.Peak))
	}
	_, err := fmt.Fprintf(w, "\n%s\n", filterRatio(rows))
	return err
}

func row(w io.Writer, cells ...string) { fmt.Fprintln(w, "| "+strings.Join(cells, " | ")+" |") }

// searchRow is one line of the first table.
type searchRow struct {
	system string
	measured
}

func searchRows(reports []report) (rows []searchRow) {
	for _, r := range reports {
		for _, s := range r.Searches {
			rows = append(rows, searchRow{titles[r.System], s})
		}
	}
	return rows
}

// sumRows are the hybrid searches that peers have in two parts only: the sum of both,
// query by query, with nothing added for fusing them.
func sumRows(reports []report) (rows []searchRow) {
	for _, pair := range [][2]string{{"bleve", "chromem-go"}, {"sqlite", "sqlite"}, {"sqlite-c", "sqlite-c"}} {
		words, vectors := find(reports, pair[0], modeLexical), find(reports, pair[1], modeDense)
		if words == nil || vectors == nil {
			continue
		}
		name := titles[pair[0]]
		if pair[0] != pair[1] {
			name += " + " + titles[pair[1]]
		}
		rows = append(rows, searchRow{name, measured{Mode: modeHybrid, Times: addPairwise(words.Times, vectors.Times)}})
	}
	return rows
}

func find(reports []report, system, mode string) *measured {
	for _, r := range reports {
		if i := slices.IndexFunc(r.Searches, func(m measured) bool { return m.Mode == mode }); r.System == system && i >= 0 {
			return &r.Searches[i]
		}
	}
	return nil
}

func (s searchRow) recall() string {
	if !s.Compared {
		return ""
	}
	return fmt.Sprintf("%.4f", s.Recall)
}

// ratio of the medians to ragway's search of the same kind.
func (s searchRow) ratio(rows []searchRow) string {
	for _, base := range rows {
		if base.system == "ragway" && base.Mode == s.Mode {
			return fmt.Sprintf("%.1f", ratio(s.measured, base.measured))
		}
	}
	return ""
}

func ratio(a, b measured) float64 {
	return float64(percentile(a.Times, 0.5)) / float64(percentile(b.Times, 0.5))
}

func filterRatio(rows []searchRow) string {
	var filtered, all *measured
	for i, r := range rows {
		switch {
		case r.system != "ragway":
		case r.Mode == modeHybrid:
			all = &rows[i].measured
		case r.Mode == modeHybridFiltered:
			filtered = &rows[i].measured
		}
	}
	if filtered == nil || all == nil {
		return "ragway was not measured."
	}
	return fmt.Sprintf("ragway, hybrid: with a filter that 10 %% of the documents pass, %.2f × without.", ratio(*filtered, *all))
}

// titles of the systems with the versions that were built in.
var titles = func() map[string]string {
	versions := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			versions[d.Path] = d.Version
		}
	}
	return map[string]string{
		"ragway":     "ragway",
		"bleve":      "bleve " + versions["github.com/blevesearch/bleve/v2"],
		"chromem-go": "chromem-go " + versions["github.com/philippgille/chromem-go"],
		"sqlite":     "SQLite in Go (modernc " + versions["modernc.org/sqlite"] + ")",
		"sqlite-c":   "SQLite in C (mattn " + versions["github.com/mattn/go-sqlite3"] + ")",
	}
}()

func milliseconds(times []time.Duration, p float64) string {
	return fmt.Sprintf("%.2f", float64(percentile(times, p))/1e6)
}

func megabytes(n int64) string { return fmt.Sprintf("%.0f", float64(n)/(1<<20)) }

// machine is the processor and how busy the machine is: on one that others use, trust the
// ratios only.
func machine() string {
	model, load := "unknown processor", "?"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, after, ok := strings.Cut(string(info), "model name"); ok {
			model = strings.TrimLeft(strings.SplitN(after, "\n", 2)[0], "\t: ")
		}
	}
	if data, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ = strings.Cut(string(data), " ")
	}
	return fmt.Sprintf("%s, %d threads, load %s", model, runtime.NumCPU(), load)
}
