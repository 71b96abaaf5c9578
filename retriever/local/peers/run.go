package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// warmUp is how many further queries each search answers before it is measured.
const warmUp = 32

type runner struct {
	options
	folder         string // of this size
	stdout, stderr io.Writer
}

// all runs every stage in a process of its own and prints the table.
func (r *runner) all(ctx context.Context) error {
	if err := r.process(ctx, "truth", nil); err != nil {
		return err
	}
	var reports []report
	for name := range strings.SplitSeq(r.systems, ",") {
		if name == "sqlite-c" && !sqliteInC {
			r.say("sqlite-c left out: it needs cgo and -tags sqlite_fts5")
			continue
		}
		var loaded loading
		if err := r.process(ctx, "load "+name, &loaded); err != nil {
			return err
		}
		var rep report
		if err := r.process(ctx, "ask "+name, &rep); err != nil {
			return err
		}
		rep.Load = loaded
		reports = append(reports, rep)
	}
	return writeTable(r.stdout, r.documents, r.queries, reports)
}

// process runs a stage and reads its result, JSON on its standard output, into result.
func (r *runner) process(ctx context.Context, stage string, result any) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, "-n", strconv.Itoa(r.documents), "-queries", strconv.Itoa(r.queries),
		"-data", r.data, "-profile", r.profile, "-stage", stage)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, r.stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", stage, err)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(out.Bytes(), result)
}

func (r *runner) say(format string, args ...any) {
	fmt.Fprintf(r.stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

// reply hands a stage's result to the process that started it.
func (r *runner) reply(result any) error { return json.NewEncoder(r.stdout).Encode(result) }

// mark says what the right answers beside it are of.
type mark struct {
	Generation, Documents, Queries int
}

func (r *runner) mark() mark { return mark{generation, r.documents, r.queries + warmUp} }

type truthFile struct {
	Of     mark
	Truths []truth
}

func (r *runner) truthPath() string { return filepath.Join(r.folder, "truth.json") }

// truth makes the queries and their right answers unless they are there.
func (r *runner) truth() error {
	if t, err := readJSON[truthFile](r.truthPath()); err == nil && t.Of == r.mark() {
		return nil
	}
	r.say("comparing %d queries with each of %d documents", r.queries+warmUp, r.documents)
	truths, err := makeTruths(newCorpus(r.documents), r.queries+warmUp)
	if err != nil {
		return err
	}
	return writeJSON(r.truthPath(), truthFile{r.mark(), truths})
}

// loading is how long a system took to take the corpus in.
type loading struct {
	Generation int
	Seconds    float64 // without waiting for the generator
	Bytes      int64   // on disk
}

// load fills the system's folder unless a complete one is there.
func (r *runner) load(ctx context.Context, name string) error {
	s, err := newSystem(name)
	if err != nil {
		return err
	}
	folder, done := filepath.Join(r.folder, name), filepath.Join(r.folder, name+".json")
	if l, err := readJSON[loading](done); err == nil && l.Generation == generation {
		r.say("%s: the data is there", name)
		return r.reply(l)
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	r.say("%s: loading %d documents", name, r.documents)
	c := newCorpus(r.documents)
	start := time.Now()
	if err := r.profiled(name+".load", func() error { return s.load(ctx, folder, c) }); err != nil {
		return fmt.Errorf("%s: load: %w", name, err)
	}
	l := loading{Generation: generation, Seconds: (time.Since(start) - c.waited).Seconds()}
	if l.Bytes, err = folderSize(folder); err != nil {
		return err
	}
	r.say("%s: loaded in %.1f s, %.1f s more for the generator", name, l.Seconds, c.waited.Seconds())
	if err := writeJSON(done, l); err != nil {
		return err
	}
	return r.reply(l)
}

func folderSize(folder string) (bytes int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	return bytes, err
}

func readJSON[T any](path string) (v T, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal(data, &v)
}

// writeJSON leaves the whole file or none.
func writeJSON(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
