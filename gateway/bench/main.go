package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
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
	flag.StringVar(&o.data, "data", "", "folder with scifact/corpus.jsonl")
	flag.StringVar(&o.cases, "cases", "4k,4k-rag,100k,100k-rag,stream", "what to measure")
	flag.IntVar(&o.rate, "rate", 100, "requests a second")
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

// measure runs every case over every target and prints the table.
func measure(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "ragway-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o.workDir = dir
	f, err := startFleet(ctx, o)
	defer f.stop()
	if err != nil {
		return err
	}
	for _, name := range strings.Split(o.cases, ",") {
		c, err := caseOf(name)
		if err != nil {
			return err
		}
		results, err := runCase(ctx, o, c, f)
		if err != nil {
			return err
		}
		if o.asJSON {
			for _, r := range results {
				line, err := json.Marshal(r)
				if err != nil {
					return err
				}
				fmt.Println(string(line))
			}
			continue
		}
		printTable(c, results)
	}
	return nil
}
