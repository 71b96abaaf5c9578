package extract

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"ragway/ingest"
)

// wasmPages caps an engine's memory at 64 MB: with 512 MB a page of a few hundred bytes
// that inflates without end takes 1.5 GB of the process, and no real document needs more.
const wasmPages = 1024

// pdfEngines lends out PDF engines. Each is a wazero runtime of its own, because that is
// the unit that can be interrupted: compiled WebAssembly does not yield to the Go
// scheduler, and a loop in it would hold up the garbage collector and so the process. It
// therefore checks for cancellation as it runs. That costs a factor of 2.7 (117 pages in
// 0.95 s instead of 0.35 s) and is still faster than what is done with the text later.
type pdfEngines struct {
	slots chan *pdfEngine // nil: not started
	cache func() (wazero.CompilationCache, error)
}

type pdfEngine struct {
	pool   pdfium.Pool
	cancel context.CancelFunc
}

func newPDFEngines(o Options) *pdfEngines {
	e := &pdfEngines{slots: make(chan *pdfEngine, o.PDFEngines)}
	for range o.PDFEngines {
		e.slots <- nil
	}
	e.cache = sync.OnceValues(func() (wazero.CompilationCache, error) {
		if o.CacheDir == "" {
			return wazero.NewCompilationCache(), nil
		}
		return wazero.NewCompilationCacheWithDir(o.CacheDir)
	})
	return e
}

// with calls read with a fresh instance. When ctx ends the call is interrupted. An engine
// that was interrupted, or whose call failed, is thrown away: what a trap leaves behind
// is unknown.
func (e *pdfEngines) with(ctx context.Context, read func(pdfium.Pdfium) error) (err error) {
	var engine *pdfEngine
	select {
	case engine = <-e.slots:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { e.slots <- engine }()
	if engine == nil {
		if engine, err = e.start(); err != nil {
			return err
		}
	}
	stop := context.AfterFunc(ctx, engine.cancel)
	err = engine.run(ctx, read)
	if !stop() || err != nil {
		engine.close()
		engine = nil
	}
	return err
}

// warm waits for an engine and starts it if need be. The first of a process is compiled,
// which takes seconds, on a busy machine many.
func (e *pdfEngines) warm(ctx context.Context) (err error) {
	select {
	case engine := <-e.slots:
		if engine == nil {
			engine, err = e.start()
		}
		e.slots <- engine
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *pdfEngines) start() (*pdfEngine, error) {
	cache, err := e.cache()
	if err != nil {
		return nil, ingest.Failf(ingest.Internal, "open the PDF engine's cache: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	pool, err := webassembly.Init(webassembly.Config{
		Context: ctx,
		MaxIdle: 1, MaxTotal: 1,
		FSConfig: wazero.NewFSConfig(), // the default lets it read the whole disk
		Stdout:   io.Discard, Stderr: io.Discard,
		RuntimeConfig: wazero.NewRuntimeConfig().
			WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
			WithMemoryLimitPages(wasmPages).
			WithCloseOnContextDone(true).
			WithCompilationCache(cache),
	})
	if err != nil {
		cancel()
		return nil, ingest.Failf(ingest.Internal, "start the PDF engine: %w", err)
	}
	return &pdfEngine{pool: pool, cancel: cancel}, nil
}

// run gives read an instance of its own: nothing of one document reaches the next.
func (g *pdfEngine) run(ctx context.Context, read func(pdfium.Pdfium) error) error {
	instance, err := g.pool.GetInstance(instanceWait)
	if err != nil {
		return ingest.Failf(ingest.Internal, "start a PDF instance: %w", err)
	}
	err = read(instance)
	if closing := instance.Close(); err == nil && closing != nil && ctx.Err() == nil {
		return nil // its text is whole; with closes the engine
	}
	return err
}

// instanceWait bounds the wait for the only instance of an engine nobody else uses.
const instanceWait = 30 * time.Second

func (g *pdfEngine) close() {
	g.cancel()
	_ = g.pool.Close() // of a dead engine, always an error
}

// close takes back all engines and stops them.
func (e *pdfEngines) close() error {
	for range cap(e.slots) {
		if g := <-e.slots; g != nil {
			g.close()
		}
	}
	return nil
}
