package retriever

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"log/slog"
	"maps"
	"math"
	"sync"
)

// EmbeddingCache keeps vectors under (space, SHA-256 of the text). Space is an opaque
// name; entries of different spaces have nothing in common. It is safe for concurrent use.
type EmbeddingCache interface {
	// Lookup returns one vector and one found per hash, in order.
	Lookup(ctx context.Context, space string, hashes [][32]byte) (vectors []Vector, found []bool, err error)
	// Save stores one vector per hash, replacing what is there.
	Save(ctx context.Context, space string, hashes [][32]byte, vectors []Vector) error
}

// CachingOptions are the collaborators of a CachingEmbedder. All are optional.
type CachingOptions struct {
	Logger   *slog.Logger           // gets a warning when the cache fails
	OnLookup func(hits, misses int) // told of the texts of each call; called concurrently
}

// CachingEmbedder pays for each document text once: what the cache holds is not embedded
// again, nor is a text that occurs twice in a call or in calls at the same time. Queries go straight through; they are
// not kept on disk. A cache that fails costs money, never a document: its errors are
// logged, and the texts are embedded.
//
// The space is the embedder's fingerprint and its probe: ProbeText is never answered from
// the cache, and when its vector shows that the model behind the name is another one, the
// vectors of the old one are not used again.
//
// Vectors of equal texts share their memory; treat them as read-only.
type CachingEmbedder struct {
	inner Embedder
	cache EmbeddingCache
	opts  CachingOptions
	space string // without the probe's part

	mu    sync.Mutex
	probe string // the part of the space that stands for the probe; "" until asked for

	flights flights
}

var _ Embedder = (*CachingEmbedder)(nil)

// NewCachingEmbedder puts cache before inner. Wrap a new Embedder before its first use:
// one that learns its dimension changes its fingerprint then, and the space is taken here.
func NewCachingEmbedder(inner Embedder, cache EmbeddingCache, opts CachingOptions) *CachingEmbedder {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.OnLookup == nil {
		opts.OnLookup = func(int, int) {}
	}
	return &CachingEmbedder{inner: inner, cache: cache, opts: opts, space: inner.Fingerprint().Key()}
}

// Fingerprint is that of the embedder below.
func (c *CachingEmbedder) Fingerprint() Fingerprint { return c.inner.Fingerprint() }

// Embed implements Embedder. When the embedder below fails, what it finished is saved.
func (c *CachingEmbedder) Embed(ctx context.Context, kind TextKind, texts []string) ([]Vector, error) {
	if kind != DocumentText {
		return c.inner.Embed(ctx, kind, texts)
	}
	known := map[string]Vector{}
	embedded, err := c.complete(ctx, known, missingTexts(texts, known))
	c.opts.OnLookup(len(texts)-embedded, embedded)
	vectors := make([]Vector, 0, len(texts))
	for _, text := range texts {
		v, ok := known[text]
		if !ok {
			return vectors, err
		}
		vectors = append(vectors, v)
	}
	return vectors, err
}

// complete adds the vectors of texts to known, and returns how many had to be embedded
// here: the others come from the cache, or from another call that is embedding them, unless
// that fails.
func (c *CachingEmbedder) complete(ctx context.Context, known map[string]Vector, texts []string) (embedded int, err error) {
	for len(texts) > 0 && err == nil {
		// Before looking: what another call embeds in between is then either there or on its way.
		own, mine, others := c.flights.board(texts)
		found := c.lookup(ctx, mine)
		missing := missingTexts(mine, found)
		var fresh []Vector
		fresh, err = c.embedMissing(ctx, missing)
		for i, v := range fresh {
			found[missing[i]] = v
		}
		embedded += len(missing)
		maps.Copy(known, found)
		own.vectors = found
		c.flights.land(own, mine) // before waiting: others may wait for these
		if err == nil {
			texts, err = c.await(ctx, known, others)
		}
	}
	return embedded, err
}

// await adds the vectors of texts that other calls embed, and returns those that they did
// not.
func (c *CachingEmbedder) await(ctx context.Context, known map[string]Vector, others []passenger) (left []string, err error) {
	for _, o := range others {
		v, ok, err := o.wait(ctx)
		switch {
		case err != nil:
			return nil, err
		case ok:
			known[o.text] = v
		default:
			left = append(left, o.text)
		}
	}
	return left, nil
}

// missingTexts are those without an entry in known, each once, in order.
func missingTexts(texts []string, known map[string]Vector) []string {
	var missing []string
	seen := make(map[string]bool, len(texts))
	for _, text := range texts {
		if _, ok := known[text]; !ok && !seen[text] {
			seen[text] = true
			missing = append(missing, text)
		}
	}
	return missing
}

// embedMissing embeds texts and saves what was finished, also when the context ended.
func (c *CachingEmbedder) embedMissing(ctx context.Context, texts []string) ([]Vector, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	vectors, err := c.inner.Embed(ctx, DocumentText, texts)
	ctx = context.WithoutCancel(ctx)
	for i, v := range vectors {
		if texts[i] == ProbeText && v != nil {
			c.meet(ctx, v)
		}
	}
	c.save(ctx, texts[:len(vectors)], vectors)
	return vectors, err
}

// lookup returns the vectors that the cache has for texts.
func (c *CachingEmbedder) lookup(ctx context.Context, texts []string) map[string]Vector {
	known := make(map[string]Vector, len(texts))
	var wanted []string
	for _, text := range missingTexts(texts, known) {
		if text != ProbeText {
			wanted = append(wanted, text)
		}
	}
	if len(wanted) == 0 {
		return known
	}
	vectors, found, err := c.cache.Lookup(ctx, c.currentSpace(ctx), hashes(wanted))
	if err != nil {
		c.warn(ctx, "lookup", err)
		return known
	}
	dimension := c.inner.Fingerprint().Dimension
	for i, v := range vectors {
		if !found[i] || v.Check(len(v)) != nil || dimension != 0 && len(v) != dimension {
			continue
		}
		known[wanted[i]] = v
	}
	return known
}

// save stores the vectors of texts, except missing ones and the probe.
func (c *CachingEmbedder) save(ctx context.Context, texts []string, vectors []Vector) {
	var kept []string
	var keptVectors []Vector
	for i, v := range vectors {
		if v != nil && texts[i] != ProbeText {
			kept, keptVectors = append(kept, texts[i]), append(keptVectors, v)
		}
	}
	if len(kept) == 0 {
		return
	}
	if err := c.cache.Save(ctx, c.currentSpace(ctx), hashes(kept), keptVectors); err != nil {
		c.warn(ctx, "save", err)
	}
}

func (c *CachingEmbedder) warn(ctx context.Context, doing string, err error) {
	c.opts.Logger.WarnContext(ctx, "embedding cache failed", "doing", doing, "error", err)
}

// currentSpace is the space of document texts under the latest probe.
func (c *CachingEmbedder) currentSpace(ctx context.Context) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.probe == "" {
		if stored := c.storedProbe(ctx); stored != nil {
			c.probe = probeName(stored)
		}
	}
	return c.space + ":document:" + c.probe
}

// meet compares the probe that the embedder answers now with the stored one. The stored
// one names the space as long as both are of one model.
func (c *CachingEmbedder) meet(ctx context.Context, probe Vector) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if stored := c.storedProbe(ctx); len(stored) == len(probe) && Dot(stored, probe) >= ProbeCosine {
		c.probe = probeName(stored)
		return
	}
	c.probe = probeName(probe)
	if err := c.cache.Save(ctx, c.probeSpace(), hashes([]string{ProbeText}), []Vector{probe}); err != nil {
		c.warn(ctx, "save probe", err)
	}
}

func (c *CachingEmbedder) storedProbe(ctx context.Context) Vector {
	vectors, found, err := c.cache.Lookup(ctx, c.probeSpace(), hashes([]string{ProbeText}))
	if err != nil {
		c.warn(ctx, "lookup probe", err)
		return nil
	}
	if !found[0] {
		return nil
	}
	return vectors[0]
}

func (c *CachingEmbedder) probeSpace() string { return c.space + ":probe" }

func probeName(v Vector) string {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

func hashes(texts []string) [][32]byte {
	out := make([][32]byte, len(texts))
	for i, text := range texts {
		out[i] = sha256.Sum256([]byte(text))
	}
	return out
}
