package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"ragway/ingest"
)

// program is a program of the user's that prints records, one JSON object a line, as in a
// .jsonl file; {"id": …, "delete": true} asks for a document to be deleted. Each Items
// runs it anew, to its end before the first record is looked at.
type program struct {
	name, origin string
	argv         []string
	text         *decoded
	o            Options
	spooled      string
}

var (
	_ Source         = (*program)(nil)
	_ ingest.Coverer = (*program)(nil)
)

func openProgram(command string, o Options) (Source, error) {
	argv, err := splitCommand(command)
	if err != nil {
		return nil, err
	}
	if len(argv) == 0 {
		return nil, errors.New("no program is named")
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	name := o.Name
	if name == "" {
		name = filepath.Base(path)
	}
	if name, err = checkName(name); err != nil {
		return nil, err
	}
	argv = append([]string{path}, argv[1:]...)
	return &program{name: name, origin: programOrigin(argv), argv: argv, text: newDecoded(o), o: o}, nil
}

// programOrigin tells one interpreter's scripts apart without keeping their arguments,
// which may hold a password.
func programOrigin(argv []string) string {
	origin := "exec:" + filepath.ToSlash(argv[0])
	if len(argv) > 1 {
		sum := sha256.Sum256([]byte(strings.Join(argv[1:], "\x00")))
		origin += " with arguments " + hex.EncodeToString(sum[:4])
	}
	return origin
}

func (p *program) Name() string   { return p.name }
func (p *program) Origin() string { return p.origin }
func (p *program) Prefix() string { return p.name + "#" }

func (p *program) Covers(uri string) bool { return strings.HasPrefix(uri, p.Prefix()) }

// Items yields the records that were printed. When the program fails, what it printed
// before that stands and the end is an *ingest.Incomplete.
func (p *program) Items(ctx context.Context) iter.Seq2[ingest.Item, error] {
	return func(yield func(ingest.Item, error) bool) {
		if err := p.forget(); err != nil {
			yield(ingest.Item{}, err)
			return
		}
		failed := p.run(ctx)
		if ctx.Err() != nil {
			yield(ingest.Item{}, ctx.Err())
			return
		}
		info, err := os.Stat(p.spooled)
		if err != nil {
			yield(ingest.Item{}, errors.Join(failed, err))
			return
		}
		f := file{path: p.spooled, uri: p.name, info: timeless{info}, deletions: true}
		if recordsOf(ctx, f, p.text, p.o, yield) && failed != nil {
			yield(ingest.Item{}, &ingest.Incomplete{Err: failed})
		}
	}
}

// patience is how long a program's output may stay open after its end, e.g. in a child
// that it left behind.
const patience = 5 * time.Second

// run runs the program in a process group of its own, which ends with ctx, its output
// going to a temporary file.
func (p *program) run(ctx context.Context) error {
	out, err := os.CreateTemp(p.o.TempDir, "ragway-spool-*")
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	p.spooled = out.Name()
	stdout := &boundedWriter{w: out, left: p.o.SpoolBytes}
	stderr := &lineLog{logger: p.o.Logger, program: p.name}
	cmd := exec.CommandContext(ctx, p.argv[0], p.argv[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = p.o.Environ, stdout, stderr, patience
	if cmd.Env == nil {
		cmd.Env = []string{} // nil would be this process's own
	}
	inOwnGroup(cmd)
	err = cmd.Run()
	stderr.close()
	if errors.Is(err, exec.ErrWaitDelay) {
		_ = cmd.Cancel() // what holds the output is still in the group
		err = fmt.Errorf("it left a process behind that keeps its output open: %w", err)
	}
	if stdout.full {
		err = fmt.Errorf("it printed more than %d bytes", p.o.SpoolBytes)
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("program %s: %w", p.name, err)
	}
	return nil
}

// forget removes what the last run printed.
func (p *program) forget() error {
	err := p.text.Close()
	if p.spooled != "" {
		err = errors.Join(err, os.Remove(p.spooled))
		p.spooled = ""
	}
	return err
}

func (p *program) Close() error { return p.forget() }

// boundedWriter fails, and remembers that it was for this, at the first byte over left.
type boundedWriter struct {
	w    io.Writer
	left int64
	full bool
}

func (b *boundedWriter) Write(p []byte) (int, error) {
	if int64(len(p)) > b.left {
		b.full = true
		return 0, io.ErrShortWrite
	}
	b.left -= int64(len(p))
	return b.w.Write(p)
}
