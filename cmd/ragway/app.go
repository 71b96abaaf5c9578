package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ragway/configs"
	"ragway/retriever"
	"ragway/retriever/builtin"
	"ragway/retriever/local"
	"ragway/retriever/openai"
	"ragway/retriever/qdrant"
	"ragway/retriever/rerank"
)

// app is one run of a command: its terminal, its configuration, and what it has opened.
type app struct {
	globals
	stdio
	environ []string // NAME=value

	cfg     configs.Config
	log     *slog.Logger
	logTo   detour
	closers []func() error
}

// onClose registers a closer beside the thing opened; close runs them in reverse.
func (a *app) onClose(f func() error) { a.closers = append(a.closers, f) }

func (a *app) close() error {
	var errs []error
	for _, f := range slices.Backward(a.closers) {
		errs = append(errs, f())
	}
	a.closers = nil
	return errors.Join(errs...)
}

// configure loads the configuration, lays the flags over it, validates, and sets up the
// log. Flags beat the environment, which beats the file, which beats the defaults.
func (a *app) configure(flags ...func(*configs.Config)) error {
	if !a.Quiet {
		for _, complaint := range configs.UnknownEnv(a.environ) {
			fmt.Fprintf(a.err, "warning: %s\n", complaint)
		}
	}
	cfg, err := a.load(flags...)
	if err != nil {
		return err
	}
	a.cfg, a.log = cfg, a.newLogger(cfg.Log)
	return nil
}

// load reads the configuration, with the flags over it, and validates it.
func (a *app) load(flags ...func(*configs.Config)) (configs.Config, error) {
	cfg, err := configs.Load(configs.Sources{File: a.configFile(), Getenv: a.getenv})
	if err != nil {
		return cfg, fmt.Errorf("%w%w", errors.Join(err, cfg.Validate()), hidden{errUsage})
	}
	setIf(&cfg.DataDir, a.DataDir)
	setIf(&cfg.Store.Kind, a.Store)
	setIf(&cfg.Log.Level, a.LogLevel)
	for _, f := range flags {
		f(&cfg)
	}
	return cfg, cfg.Validate()
}

// configFile is the one that a flag or the environment names, "" for none.
func (a *app) configFile() string {
	if a.ConfigFile != "" {
		return a.ConfigFile
	}
	return a.getenv(configs.FileVariable)
}

func (a *app) getenv(name string) string {
	for _, entry := range a.environ {
		if n, value, _ := strings.Cut(entry, "="); n == name {
			return value
		}
	}
	return ""
}

func setIf[T comparable](dst *T, v T) {
	if v != *new(T) {
		*dst = v
	}
}

func (a *app) newLogger(c configs.Log) *slog.Logger {
	a.logTo.to(a.err)
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // Validate has seen it
	opts := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(&a.logTo, opts))
	}
	return slog.New(slog.NewTextHandler(&a.logTo, opts))
}

// store opens the configured store. A command that only reads does not create a data
// folder: it says that there is none.
func (a *app) store(ctx context.Context, readOnly bool) (retriever.Store, error) {
	return a.storeOf(ctx, a.cfg.Store.Kind, readOnly)
}

// storeOf is store for a kind that need not be the configured one.
func (a *app) storeOf(ctx context.Context, kind string, readOnly bool) (retriever.Store, error) {
	if kind == "qdrant" {
		return a.qdrantStore(ctx)
	}
	if readOnly {
		if _, err := os.Stat(filepath.Join(a.cfg.DataDir, local.FileName)); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("no documents in %s yet: run `ragway ingest` first, or name another folder with --data-dir", a.cfg.DataDir)
		}
	}
	s, err := local.Open(ctx, local.Options{
		Path: a.cfg.DataDir, Logger: a.log,
		K1: a.cfg.Retrieval.BM25.K1, B: a.cfg.Retrieval.BM25.B,
	})
	if err != nil {
		return nil, err
	}
	a.onClose(s.Close)
	return s, nil
}

func (a *app) qdrantStore(ctx context.Context) (retriever.Store, error) {
	c := a.cfg.Store.Qdrant
	s, err := qdrant.Open(ctx, qdrant.Options{
		Owner: processOwner(), Abandoned: ownerIsDead,
		Addresses: c.Addresses, APIKey: c.APIKey.Reveal(), TLS: c.TLS, Timeout: c.Timeout, Logger: a.log,
		K1: a.cfg.Retrieval.BM25.K1, B: a.cfg.Retrieval.BM25.B, WriteStreams: c.WriteStreams,
		Tuning: qdrant.Tuning{
			Quantization: qdrant.Quantization(c.Quantization), Oversampling: c.Oversampling,
			DiskVectors: c.DiskVectors, MemoryPayload: c.MemoryPayload,
			M: uint64(c.M), EfConstruct: uint64(c.EfConstruct), SearchEf: uint64(c.SearchEf),
			Shards: uint32(c.Shards), Replicas: uint32(c.Replicas), WriteConsistency: uint32(c.WriteConsistency),
		},
	})
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	a.onClose(s.Close)
	return s, nil
}

// embedder returns the configured one; nil for none.
func (a *app) embedder() (retriever.Embedder, error) { return a.newEmbedder(a.cfg.Embedder) }

func (a *app) newEmbedder(c configs.Embedder) (retriever.Embedder, error) {
	switch c.Kind {
	case "none":
		return nil, nil
	case "builtin":
		return builtin.New()
	}
	return openai.New(openai.Options{
		BaseURL: c.BaseURL, APIKey: c.APIKey.Reveal(), Model: c.Model, Dimensions: c.Dimensions,
		QueryPrefix: c.QueryPrefix, DocumentPrefix: c.DocumentPrefix,
		MaxBatch: c.Batch, MaxBatchTokens: c.BatchTokens, Concurrency: c.Concurrency,
		RequestsPerMinute: c.RPM, TokensPerMinute: c.TPM,
		Timeout: c.Timeout, MaxRetries: c.Retries, CountTokens: a.countTokens, Logger: a.log,
	})
}

// otherEmbedders are those of other_embedders.
func (a *app) otherEmbedders() ([]retriever.Embedder, error) {
	var out []retriever.Embedder
	for _, c := range a.cfg.OtherEmbedders {
		e, err := a.newEmbedder(c)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// stageObserver is told how long a stage of retrieval took and how it ended.
type stageObserver = func(stage string, took time.Duration, err error)

// engine is the retrieval engine over the configured store and embedder.
func (a *app) engine(store retriever.Store, e retriever.Embedder, observe stageObserver) (*retriever.Engine, error) {
	c := a.cfg.Retrieval
	reranker, err := a.reranker()
	if err != nil {
		return nil, err
	}
	others, err := a.otherEmbedders()
	if err != nil {
		return nil, err
	}
	return retriever.New(retriever.Options{
		Store: store, Embedder: e, Others: others, Reranker: reranker, RerankDepth: a.cfg.Reranker.Depth, Logger: a.log, Count: a.countTokens, Observe: observe,
		K: c.TopK, Depth: c.Candidates, Fusion: fusionOf(c.Fusion),
		EmbedTimeout: c.Timeouts.Embed, StoreTimeout: c.Timeouts.Search,
	})
}

// rewriter returns the configured one; nil for none.
func (a *app) rewriter() (retriever.Rewriter, error) {
	c := a.cfg.Rewriter
	if !c.Used() {
		return nil, nil
	}
	return openai.NewRewriter(openai.RewriterOptions{
		BaseURL: c.BaseURL, APIKey: c.APIKey.Reveal(), Model: c.Model, Rewrite: c.Complete, HyDE: c.HyDE, Queries: c.Queries, Timeout: c.Timeout,
	})
}

// reranker returns the configured one; nil for none.
func (a *app) reranker() (retriever.Reranker, error) {
	c := a.cfg.Reranker
	if c.Kind == "none" {
		return nil, nil
	}
	return rerank.New(rerank.Options{
		Shape: rerank.Shape(c.Kind), BaseURL: c.BaseURL, APIKey: c.APIKey.Reveal(), Model: c.Model, Timeout: c.Timeout,
		Concurrency: c.Concurrency, BatchSize: c.Batch, MaxChars: c.MaxChars, Logger: a.log,
	})
}

func recencyOf(c configs.Recency) retriever.Recency {
	return retriever.Recency{Field: c.Field, HalfLife: time.Duration(c.HalfLifeDays * 24 * float64(time.Hour)), Weight: c.Weight}
}

// fusionOf lays what is configured over what suits the space.
func fusionOf(c configs.Fusion) func(retriever.Fingerprint) retriever.Fusion {
	return func(f retriever.Fingerprint) retriever.Fusion {
		fusion := retriever.DefaultFusion(f)
		fusion.Method, fusion.RankConstant = retriever.FusionMethod(c.Method), c.RankConstant
		if !c.Alpha.Auto {
			fusion.Alpha = c.Alpha.Value
		}
		if !c.Reserve {
			fusion.Reserve = nil
		}
		return fusion
	}
}
