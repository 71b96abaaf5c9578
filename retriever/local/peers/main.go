package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

type options struct {
	documents, queries int
	data, systems      string
	profile, stage     string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.documents, "n", 100_000, "documents in the corpus, at least 1000")
	flags.IntVar(&o.queries, "queries", 300, "queries measured, at least 200")
	flags.StringVar(&o.data, "data", "peers-data", "folder for the data of all sizes; it is kept")
	flags.StringVar(&o.systems, "systems", strings.Join(systemNames, ","), "systems to measure, ragway first")
	flags.StringVar(&o.profile, "profile", "", "folder for a CPU profile of every step; none when empty")
	flags.StringVar(&o.stage, "stage", "", "used between the processes of one run")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || o.documents < 1000 || o.queries < 200 {
		return errors.New("want no arguments, at least 1000 documents and 200 queries")
	}
	r := &runner{options: o, folder: filepath.Join(o.data, strconv.Itoa(o.documents)), stdout: stdout, stderr: stderr}
	switch stage, name, _ := strings.Cut(o.stage, " "); stage {
	case "":
		return r.all(ctx)
	case "truth":
		return r.truth()
	case "load":
		return r.load(ctx, name)
	case "ask":
		return r.ask(ctx, name)
	default:
		return fmt.Errorf("stage %q", o.stage)
	}
}
