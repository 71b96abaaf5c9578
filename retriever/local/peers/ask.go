package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"
)

// report is what one system's process measured.
type report struct {
	System   string
	Load     loading
	Open     float64 // seconds
	AtOpen   memory
	AtEnd    memory // after all queries
	Searches []measured
}

// measured is one search over all queries, in their order.
type measured struct {
	Mode     string
	Times    []time.Duration
	Recall   float64 // mean over the queries
	Compared bool    // Recall means something
}

// ask opens the system and measures each of its searches.
func (r *runner) ask(ctx context.Context, name string) error {
	file, err := readJSON[truthFile](r.truthPath())
	if err != nil {
		return err
	}
	s, err := newSystem(name)
	if err != nil {
		return err
	}
	r.say("%s: asking", name)
	rep := report{System: name}
	c := newCorpus(r.documents)
	start := time.Now()
	err = r.profiled(name+".open", func() error { return s.open(ctx, filepath.Join(r.folder, name), c, file.Truths) })
	if err != nil {
		return fmt.Errorf("%s: open: %w", name, err)
	}
	rep.Open = (time.Since(start) - c.waited).Seconds()
	if rep.AtOpen, err = readMemory(); err != nil {
		return err
	}
	runtime.GOMAXPROCS(1)
	for _, search := range s.searches() {
		m, err := r.measure(ctx, name, search, file.Truths)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", name, search.mode, err)
		}
		rep.Searches = append(rep.Searches, m)
	}
	if rep.AtEnd, err = readMemory(); err != nil {
		return err
	}
	if err := s.close(); err != nil {
		return fmt.Errorf("%s: close: %w", name, err)
	}
	return r.reply(rep)
}

func (r *runner) measure(ctx context.Context, system string, s search, truths []truth) (measured, error) {
	m := measured{Mode: s.mode, Compared: s.right != nil}
	for _, t := range truths[:warmUp] {
		if _, err := s.ask(ctx, t.Query); err != nil {
			return m, err
		}
	}
	asked := truths[warmUp:]
	found := make([][]string, len(asked))
	profile := system + "." + strings.NewReplacer(" ", "", ",", "-", "%", "").Replace(s.mode)
	err := r.profiled(profile, func() (err error) {
		for i, t := range asked {
			start := time.Now()
			if found[i], err = s.ask(ctx, t.Query); err != nil {
				return err
			}
			m.Times = append(m.Times, time.Since(start))
		}
		return nil
	})
	if err != nil || !m.Compared {
		return m, err
	}
	for i, t := range asked {
		share := recall(found[i], s.right(t))
		if s.exact && share < 1 {
			return m, fmt.Errorf("query %q: found %v, right are %v", t.Query.Text, found[i], s.right(t))
		}
		m.Recall += share / float64(len(asked))
	}
	return m, nil
}

// profiled runs the step and leaves its CPU profile where one is asked for.
func (r *runner) profiled(name string, step func() error) error {
	if r.profile == "" {
		return step()
	}
	if err := os.MkdirAll(r.profile, 0o700); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(r.profile, name+".pprof"))
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	err = step()
	pprof.StopCPUProfile()
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
