package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ragway/configs"
	"ragway/ingest"
	"ragway/retriever"
)

type collectionsReembedCmd struct {
	Name     string  `arg:"" help:"Collection."`
	Embedder string  `placeholder:"builtin|openai|none|MODEL" help:"Embedder to change to: a kind, or the model of a configured one."`
	Rate     float64 `placeholder:"N" help:"Passages embedded a second at most (default: as fast as it goes)."`
	DropOld  bool    `help:"Delete the vectors of before, or those that an earlier run kept."`
	DryRun   bool    `help:"Print what there is to do and change nothing."`
}

func (c *collectionsReembedCmd) Run(ctx context.Context, a *app) error {
	switch {
	case c.Embedder == "" && !c.DropOld:
		return usagef("say which embedder to change to with --embedder builtin, openai, none or the model of a configured one")
	case c.Rate < 0:
		return usagef("--rate %v: want a number above 0", c.Rate)
	}
	store, _, err := reading{}.open(ctx, a, embedderFlag(c.Embedder))
	if err != nil {
		return err
	}
	if c.Embedder != "" {
		embedder, err := a.newEmbedders(store).of(ctx, retriever.Fingerprint{})
		if err != nil {
			return err
		}
		err = move(ctx, a, ingest.MoveOptions{From: store, Collection: c.Name, Embedder: embedder, Rate: c.Rate}, c.DryRun)
		if err != nil || c.DryRun {
			return err
		}
	}
	if !c.DropOld {
		return nil
	}
	return c.dropOld(ctx, a, store)
}

func (c *collectionsReembedCmd) dropOld(ctx context.Context, a *app, store retriever.Store) error {
	if _, err := store.Settings(ctx, retriever.Operator(), c.Name); err != nil {
		return err
	}
	old := retriever.FormerName(c.Name)
	was, err := store.Settings(ctx, retriever.Operator(), old)
	if err == nil {
		err = store.DeleteCollection(ctx, old)
	}
	switch {
	case errors.Is(err, retriever.ErrCollectionNotFound):
		say(a, "nothing of before is kept of %s\n", c.Name)
		return nil
	case err != nil:
		return fmt.Errorf("delete what %s was: %w", c.Name, err)
	}
	say(a, "deleted what %s was, embedder %s\n", c.Name, was.Fingerprint)
	return nil
}

type collectionsCopyCmd struct {
	Name    string `arg:"" help:"Collection."`
	ToStore string `required:"" placeholder:"local|qdrant" help:"Store to copy to, as it is configured."`
	Replace bool   `help:"Let the copy take the place of another collection of this name there."`
	DryRun  bool   `help:"Print what there is to do and change nothing."`
}

func (c *collectionsCopyCmd) Run(ctx context.Context, a *app) error {
	from, _, err := reading{}.open(ctx, a)
	if err != nil {
		return err
	}
	if c.ToStore == a.cfg.Store.Kind {
		return usagef("--to-store %s: the collection is there", c.ToStore)
	}
	there := a.cfg
	there.Store.Kind = c.ToStore
	if err := there.Validate(); err != nil {
		return usagef("--to-store: %w", err)
	}
	to, err := a.storeOf(ctx, c.ToStore, c.DryRun)
	if err != nil {
		return err
	}
	return move(ctx, a, ingest.MoveOptions{From: from, To: to, Collection: c.Name, Replace: c.Replace}, c.DryRun)
}

type collectionsSnapshotCmd struct {
	Name string `arg:"" help:"Collection."`
}

func (c *collectionsSnapshotCmd) Run(ctx context.Context, a *app) error {
	store, _, err := reading{}.open(ctx, a)
	if err != nil {
		return err
	}
	where, err := store.Snapshot(ctx, c.Name)
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(a.out, map[string]string{"name": c.Name, "snapshot": where})
	}
	_, err = fmt.Fprintln(a.out, where)
	return err
}

// embedderFlag is what an --embedder flag does to the configuration.
func embedderFlag(name string) func(*configs.Config) {
	return func(cfg *configs.Config) {
		if name != "" {
			cfg.UseEmbedder(name)
		}
	}
}

// move runs a Move of this process and shows how it goes.
func move(ctx context.Context, a *app, o ingest.MoveOptions, dryRun bool) error {
	o.Scope, o.Owner, o.Abandoned, o.Logger = retriever.Operator(), processOwner(), ownerIsDead, a.log
	m, err := ingest.NewMove(o)
	if err != nil {
		return usagef("%w", err)
	}
	if dryRun {
		plan, err := m.Plan(ctx)
		if err != nil {
			return err
		}
		if a.JSON {
			return printJSON(a.out, plan)
		}
		_, err = fmt.Fprintln(a.out, movePlanLine(plan))
		return err
	}
	out := newProgress(a, false)
	defer out.close()
	var plan ingest.MovePlan
	sum, err := m.Run(ctx, func(ev ingest.Event) {
		if p, ok := ev.(ingest.MovePlan); ok {
			plan = p
		}
		out.event(ev)
	})
	out.close()
	switch {
	case err != nil && sum.Written+sum.Unchanged > 0 && !a.JSON:
		say(a, "nothing that is served has changed; the same command goes on from here\n")
		return err
	case err != nil || a.JSON:
		return err
	}
	if plan.Finished {
		say(a, "%s\n", movePlanLine(plan))
	} else {
		say(a, "%s\n", moveLine(sum))
	}
	return nil
}

func say(a *app, format string, args ...any) {
	if !a.Quiet && !a.JSON {
		fmt.Fprintf(a.out, format, args...)
	}
}

func movePlanLine(p ingest.MovePlan) string {
	switch {
	case p.Finished:
		return fmt.Sprintf("%s: nothing to do, embedder %s", p.Collection, p.To)
	case p.From == p.To:
		return fmt.Sprintf("%s, embedder %s: %s to write, %d to delete, %d there already",
			p.Collection, p.To, plural(p.Write, "document"), p.Delete, p.There)
	}
	line := fmt.Sprintf("%s, embedder %s to %s: %s with %s to write, %d there already",
		p.Collection, p.From, p.To, plural(p.Write, "document"), plural(p.Chunks, "chunk"), p.There)
	if p.Seconds > 0 {
		line += fmt.Sprintf("; at this rate it takes %s or more", time.Duration(p.Seconds*float64(time.Second)).Round(time.Second))
	}
	return line
}

func moveLine(s ingest.MoveSummary) string {
	line := fmt.Sprintf("%s, embedder %s: %s written, %d there already; recall@10 %.3f", s.Collection, s.To, plural(s.Written, "document"), s.Unchanged, s.Recall)
	if s.Overlap > 0 {
		line += fmt.Sprintf(", the stores share %.3f of the first hits", s.Overlap)
	}
	if s.Unembedded > 0 {
		line += fmt.Sprintf("; %s without a vector", plural(s.Unembedded, "passage"))
	}
	return fmt.Sprintf("%s, in %.1f s", line, s.Seconds)
}
