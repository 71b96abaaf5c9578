package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type options struct {
	role, listen, model string // of a child

	ragway  string
	data    string
	cases   string
	rate    int
	period  time.Duration
	rounds  int
	chunks  int
	asJSON  bool
	workDir string
}

func main() {
	var o options
	flag.StringVar(&o.role, "role", "", "run as model, reverse or gin-json; used for the children")
	flag.StringVar(&o.listen, "listen", "", "address of a child")
	flag.StringVar(&o.model, "model", "", "address of the model server for a child")
	flag.StringVar(&o.ragway, "ragway", "ragway", "the binary to measure")
	flag.StringVar(&o.data, "data", "", "folder with scifact, a corpus and its questions as BEIR has them")
	flag.StringVar(&o.cases, "cases", "4k,4k-rag,100k,100k-rag,stream", "what to measure")
	flag.IntVar(&o.rate, "rate", 0, "requests a second; 0: as many as suit the case")
	flag.DurationVar(&o.period, "period", 3*time.Second, "how long a target is measured in each round")
	flag.IntVar(&o.rounds, "rounds", 7, "rounds; the figures are their medians")
	flag.IntVar(&o.chunks, "chunks", 10_000, "chunks to retrieve from")
	flag.BoolVar(&o.asJSON, "json", false, "print one JSON object a line")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch o.role {
	case "":
		err = measure(ctx, o)
	default:
		err = serveChild(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// check refuses what would not end, or measure nothing.
func (o options) check() error {
	switch {
	case o.rate < 0 || o.rate > 5000:
		return fmt.Errorf("-rate %d: want 0 to 5000", o.rate)
	case o.period < 100*time.Millisecond || o.period > time.Minute:
		return fmt.Errorf("-period %s: want 100ms to 1m", o.period)
	case o.rounds < 1 || o.rounds > 100:
		return fmt.Errorf("-rounds %d: want 1 to 100", o.rounds)
	case o.chunks < 1 || o.chunks > 10_000:
		return fmt.Errorf("-chunks %d: want 1 to 10000", o.chunks)
	}
	return nil
}

// measure runs every case over every target and prints the tables.
func measure(ctx context.Context, o options) error {
	cases, err := o.workloads()
	if err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	if o.workDir, err = os.MkdirTemp("", "ragway-bench"); err != nil {
		return err
	}
	defer os.RemoveAll(o.workDir)
	about := describe(o)
	f, err := startFleet(ctx, o)
	defer f.stop()
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	if !o.asJSON {
		about.print(os.Stdout)
	} else if err := out.Encode(about); err != nil {
		return err
	}
	for _, c := range cases {
		t, err := measureCase(ctx, o, c, f)
		if err != nil {
			return err
		}
		if !o.asJSON {
			t.print(os.Stdout)
			continue
		}
		for _, r := range t.results {
			if err := out.Encode(r); err != nil {
				return err
			}
		}
	}
	return nil
}
