package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/time/rate"

	"ragway/retriever"
)

// MoveOptions say what a Move builds a collection from and where. From, Collection, Owner
// and Scope are required.
type MoveOptions struct {
	From       retriever.Store
	Scope      retriever.Scope // the operator's: what it does not see would be lost
	To         retriever.Store // another store that gets the collection as it is; nil: From, embedded anew
	Collection string

	// Embedder makes the vectors of a collection embedded anew; nil: it gets none.
	Embedder retriever.Embedder
	Rate     float64 // texts embedded a second at most; 0: as fast as it goes
	// Replace lets the copy take the place of a collection of this name that To already has
	// with other documents or settings.
	Replace bool

	Owner     string
	Abandoned func(holder string) bool // as in Options
	Logger    *slog.Logger
	Now       func() time.Time
}

// A Move builds a collection beside another one and puts it in its place (see
// retriever.Stager): in the same store, embedded anew, or in another store as it is, with
// its vectors and its state records.
//
// Until it takes its place nothing that is served changes. A Move that was interrupted, by
// whatever, is continued by running it again: documents that are there in the version they
// will have are not read, embedded or written a second time.
type Move struct {
	o       MoveOptions
	limiter *rate.Limiter
	events  func(Event)

	from, want retriever.Collection // settings of the source, and of what is built
	sum        MoveSummary
	total      int // documents to write or delete, as far as is known
}

// moveTexts is how many texts are embedded and written at once, as Limits.EmbedTexts.
const moveTexts = 256

// NewMove checks o and returns a Move. It touches nothing.
func NewMove(o MoveOptions) (*Move, error) {
	switch {
	case o.From == nil || o.Owner == "":
		return nil, errors.New("move: From and Owner are required")
	case !o.Scope.IsOperator():
		return nil, errors.New("move: the scope is not the operator's: documents that it does not see would be lost")
	case o.Rate < 0:
		return nil, fmt.Errorf("move: rate %g, want more than 0", o.Rate)
	case o.To != nil && o.Embedder != nil:
		return nil, errors.New("move: a copy in another store keeps its vectors; it takes no Embedder")
	}
	if err := retriever.CheckCollectionName(o.Collection); err != nil {
		return nil, fmt.Errorf("move: %w", err)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	m := &Move{o: o, events: func(Event) {}}
	if o.Rate > 0 {
		m.limiter = rate.NewLimiter(rate.Limit(o.Rate), m.batch())
	}
	return m, nil
}

// batch is how many texts are embedded in one call: about a second's worth when they are
// to be slow.
func (m *Move) batch() int {
	if m.o.Rate == 0 {
		return moveTexts
	}
	return min(moveTexts, max(1, int(m.o.Rate)))
}

func (m *Move) copies() bool { return m.o.To != nil }

func (m *Move) to() retriever.Store {
	if m.copies() {
		return m.o.To
	}
	return m.o.From
}

// open reads the source's settings and decides those of what is built. finished is true
// when what is served is that already.
func (m *Move) open(ctx context.Context) (finished bool, err error) {
	if m.from, err = m.o.From.Settings(ctx, m.o.Scope, m.o.Collection); err != nil {
		return false, err
	}
	m.want = m.from
	if m.copies() {
		return m.openCopy(ctx)
	}
	m.want.Fingerprint = retriever.Fingerprint{}
	if m.o.Embedder != nil {
		if m.want.Fingerprint, err = retriever.Probe(ctx, m.o.Embedder); err != nil {
			return false, err
		}
	}
	return m.from.SameSettings(m.want), nil
}

// ErrInTheWay says that the other store has a collection of this name that a copy would
// have to replace.
var ErrInTheWay = errors.New("another collection of this name is there")

func (m *Move) openCopy(ctx context.Context) (finished bool, err error) {
	there, err := m.o.To.Collection(ctx, m.o.Scope, m.o.Collection)
	switch {
	case errors.Is(err, retriever.ErrCollectionNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	if there.SameSettings(m.want) {
		left, err := m.count(ctx, m.o.Collection)
		if err != nil || left.Write == 0 && left.Delete == 0 {
			return err == nil, err
		}
	}
	if !m.o.Replace {
		return false, fmt.Errorf("collection %s, %d documents, %s: %w", m.o.Collection, there.Documents, there.Fingerprint, ErrInTheWay)
	}
	return false, nil
}

// Plan says what Run would do, and changes nothing.
func (m *Move) Plan(ctx context.Context) (MovePlan, error) {
	finished, err := m.open(ctx)
	if err != nil {
		return MovePlan{}, m.wrap(err)
	}
	plan := MovePlan{Collection: m.o.Collection, From: m.from.Fingerprint.String(), To: m.want.Fingerprint.String(), Finished: finished}
	if finished {
		return plan, nil
	}
	staged, err := m.staged(ctx)
	if err != nil {
		return plan, m.wrap(err)
	}
	plan.Work, err = m.count(ctx, staged)
	if err == nil && m.o.Rate > 0 && !m.copies() {
		plan.Seconds = float64(plan.Chunks) / m.o.Rate
	}
	return plan, m.wrap(err)
}

// staged is the name of what Stage would go on with; "" for nothing.
func (m *Move) staged(ctx context.Context) (string, error) {
	for _, name := range []string{retriever.StagedName(m.o.Collection), retriever.FormerName(m.o.Collection)} {
		c, err := m.to().Settings(ctx, m.o.Scope, name)
		switch {
		case errors.Is(err, retriever.ErrCollectionNotFound):
		case err != nil:
			return "", err
		case c.SameSettings(m.want):
			return name, nil
		}
	}
	return "", nil
}

func (m *Move) wrap(err error) error {
	switch {
	case err == nil:
		return nil
	case m.copies():
		return fmt.Errorf("copy %s: %w", m.o.Collection, err)
	}
	return fmt.Errorf("reembed %s: %w", m.o.Collection, err)
}

// catchUp bounds the passes without the writers' lease: then somebody writes as fast as
// they go, and has to wait.
const catchUp = 5

// Run builds the collection, checks it and puts it in its place, while others go on
// reading and writing; only for the last documents and the checks do writers wait. events
// is called in turn; it may be nil.
//
// The former collection stays, under retriever.FormerName, until it is deleted or a later
// Move takes it up again: moving back costs what has changed since. Writing to the
// collection with vectors of the former space is refused from then on.
func (m *Move) Run(ctx context.Context, events func(Event)) (MoveSummary, error) {
	if events != nil {
		m.events = events
	}
	start := m.o.Now()
	m.sum = MoveSummary{Collection: m.o.Collection}
	moving := turn{m.to(), "move:" + m.o.Collection, "building " + m.o.Collection + " anew", m.o.Owner, m.o.Abandoned, m.o.Logger}
	err := moving.run(ctx, m.note, m.run)
	if ctx.Err() == nil && err != nil && errors.Is(err, context.Canceled) {
		err = fmt.Errorf("%w: %w", retriever.ErrLeaseLost, err)
	}
	m.sum.Seconds = m.o.Now().Sub(start).Seconds()
	m.events(m.sum)
	return m.sum, m.wrap(err)
}

func (m *Move) note(message string) { m.events(Note{message}) }

func (m *Move) run(ctx context.Context) error {
	plan, err := m.Plan(ctx)
	if err != nil {
		return errors.Unwrap(err)
	}
	m.events(plan)
	m.sum.From, m.sum.To = plan.From, plan.To
	if m.sum.Finished = plan.Finished; plan.Finished {
		return nil
	}
	m.total, m.sum.Unchanged = plan.Write+plan.Delete, plan.There
	if err := m.to().Stage(ctx, m.want); err != nil {
		return err
	}
	for range catchUp {
		did, err := m.pass(ctx)
		if err != nil {
			return err
		}
		if did <= moveTexts {
			break
		}
	}
	if err := m.sample(ctx); err != nil {
		return err
	}
	return writing(m.o.From, m.o.Collection, m.o.Owner, m.o.Abandoned, m.o.Logger).run(ctx, m.note, m.finish)
}

// finish does the rest and switches. Writers wait for it; one that does not ask for the
// lease is noticed by the collection's LastIngest.
func (m *Move) finish(ctx context.Context) error {
	for {
		before, err := m.o.From.Collection(ctx, m.o.Scope, m.o.Collection)
		if err != nil {
			return err
		}
		if !before.SameSettings(m.from) {
			return fmt.Errorf("%w: it has been embedded anew, by another", retriever.ErrChanged)
		}
		if _, err := m.pass(ctx); err != nil {
			return err
		}
		if err := m.check(ctx, before); err != nil {
			return err
		}
		err = m.promote(ctx, before.LastIngest)
		if !errors.Is(err, retriever.ErrChanged) {
			m.sum.Finished = err == nil
			return err
		}
		m.note("the collection has been written to meanwhile: comparing once more")
	}
}

func (m *Move) promote(ctx context.Context, seen time.Time) error {
	if !m.copies() {
		return m.o.From.Promote(ctx, m.o.Collection, seen)
	}
	var replaced time.Time
	there, err := m.o.To.Collection(ctx, m.o.Scope, m.o.Collection)
	switch {
	case err == nil:
		replaced = there.LastIngest
	case !errors.Is(err, retriever.ErrCollectionNotFound):
		return err
	}
	if err := m.copyRecords(ctx); err != nil {
		return err
	}
	now, err := m.o.From.Collection(ctx, m.o.Scope, m.o.Collection)
	if err != nil {
		return err
	}
	if !now.LastIngest.Equal(seen) {
		return retriever.ErrChanged
	}
	return m.o.To.Promote(ctx, m.o.Collection, replaced)
}

// copyRecords makes the state records of the collection in the other store those of this.
func (m *Move) copyRecords(ctx context.Context) error {
	for _, kind := range []string{failureKind, originKind, tokenKind} {
		records, err := m.o.From.Records(ctx, m.o.Collection, kind)
		if err != nil {
			return err
		}
		kept := make(map[string]bool, len(records))
		for _, r := range records {
			kept[r.Key] = true
		}
		there, err := m.o.To.Records(ctx, m.o.Collection, kind)
		if err != nil {
			return err
		}
		var stale []string
		for _, r := range there {
			if !kept[r.Key] {
				stale = append(stale, r.Key)
			}
		}
		if err := m.o.To.DeleteRecords(ctx, m.o.Collection, kind, stale...); err != nil {
			return err
		}
		if len(records) == 0 {
			continue
		}
		if err := m.o.To.PutRecords(ctx, records...); err != nil {
			return err
		}
	}
	return nil
}
