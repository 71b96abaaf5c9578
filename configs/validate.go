package configs

import (
	"encoding/hex"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Validate returns nil or Problems, every one at once, each with its key.
func (c Config) Validate() error {
	var k checks
	k.that(c.DataDir != "", "data_dir", "is empty")
	k.that(languageCode.MatchString(c.Language), "language", "%q is neither auto nor two-letter codes, such as en or de,fr", c.Language)
	c.Store.check(&k)
	c.Embedder.check(&k, "embedder")
	for i, e := range c.OtherEmbedders {
		path := fmt.Sprintf("other_embedders[%d]", i)
		k.that(e.Kind != "none", path+".kind", "none answers for no collection")
		e.check(&k, path)
	}
	c.Chunking.check(&k)
	c.Ingest.check(&k)
	c.Server.check(&k, c.Auth)
	c.Auth.check(&k)
	c.Uploads.check(&k)
	c.upstreams(&k)
	for _, name := range slices.Sorted(maps.Keys(c.Models)) {
		c.Models[name].check(&k, name, c.Retrieval)
	}
	c.Retrieval.check(&k)
	c.Rewriter.check(&k)
	c.Reranker.check(&k)
	k.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	k.oneOf("log.format", c.Log.Format, "text", "json")
	return k.problems.err()
}

var (
	languageCode = regexp.MustCompile(`^(auto|[a-z]{2}(,[a-z]{2})*)$`)
	modelName    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$`)
	// collectionName is the rule of retriever.CheckCollectionName.
	collectionName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
)

func (s Store) check(k *checks) {
	k.oneOf("store.kind", s.Kind, "local", "qdrant")
	k.that(len(s.Qdrant.Addresses) > 0, "store.qdrant.addresses", "is empty: want host:port of at least one server")
	for i, a := range s.Qdrant.Addresses {
		k.address(fmt.Sprintf("store.qdrant.addresses[%d]", i), a, false)
	}
	s.Qdrant.check(k)
}

func (e Embedder) check(k *checks, path string) {
	k.oneOf(path+".kind", e.Kind, "builtin", "openai", "none")
	switch e.Kind {
	case "openai":
		k.that(e.BaseURL != "", path+".base_url", "is empty, and there is no upstream to take it from")
		k.that(e.Model != "", path+".model", "is empty: kind openai needs the model's name")
	case "builtin": // a model named without the kind would quietly not be used
		k.that(e.BaseURL == "", path+".base_url", "is for kind openai; the kind is builtin")
		k.that(e.Model == "", path+".model", "is for kind openai; the kind is builtin")
	}
	k.url(path+".base_url", e.BaseURL)
	k.between(path+".dimensions", e.Dimensions, 0, 65_536)
	k.between(path+".batch", e.Batch, 1, 10_000)
	k.between(path+".batch_tokens", e.BatchTokens, 1, 10_000_000)
	k.between(path+".concurrency", e.Concurrency, 1, 1000)
	k.between(path+".requests_per_minute", e.RPM, 0, 10_000_000)
	k.between(path+".tokens_per_minute", e.TPM, 0, 10_000_000_000)
	k.positive(path+".timeout", e.Timeout)
	k.between(path+".retries", e.Retries, 1, 100)
}

func (c Chunking) check(k *checks) {
	k.oneOf("chunking.strategy", c.Strategy, "auto", "sentence", "fixed")
	k.between("chunking.tokens", c.Tokens, 16, 100_000)
	k.between("chunking.overlap", c.Overlap, 0, 100_000)
	k.that(c.Overlap*2 <= c.Tokens, "chunking.overlap", "%d is more than half of chunking.tokens, %d", c.Overlap, c.Tokens)
	k.oneOf("chunking.tokenizer", c.Tokenizer, "o200k_base", "cl100k_base")
}

func (i Ingest) check(k *checks) {
	k.between("ingest.workers", i.Workers, 0, 1024)
	k.that(i.MaxFileSize > 0, "ingest.max_file_size", "%v is not above zero", i.MaxFileSize)
	k.positive("ingest.document_timeout", i.DocumentTimeout)
	for n, e := range i.Extractors {
		e.check(k, fmt.Sprintf("ingest.extractors[%d]", n))
	}
}

func (u Uploads) check(k *checks) {
	k.that(u.MaxFileSize > 0, "uploads.max_file_size", "%v is not above zero", u.MaxFileSize)
	k.that(u.MaxTotalSize >= u.MaxFileSize, "uploads.max_total_size", "%v is below uploads.max_file_size, %v", u.MaxTotalSize, u.MaxFileSize)
	k.between("uploads.max_files", u.MaxFiles, 1, 1_000_000)
	k.between("uploads.workers", u.Workers, 1, 1024)
}

func (e Extractor) check(k *checks, at string) {
	k.that(len(e.Files) > 0, at+".files", "is empty: want patterns of names, such as *.doc")
	for i, p := range e.Files {
		_, err := path.Match(p, "")
		k.that(err == nil && p != "", fmt.Sprintf("%s.files[%d]", at, i), "%q is no pattern of names", p)
	}
	switch isCommand := len(e.Command) > 0; {
	case isCommand && e.URL != "":
		k.that(false, at+".url", "is set beside command: one of them reads the files")
	case isCommand:
		k.that(e.API == "", at+".api", "is for a url")
		if e.Output != "" {
			k.oneOf(at+".output", e.Output, "text", "markdown", "html")
		}
	case e.URL == "":
		k.that(false, at, "has neither a command nor a url")
	default:
		k.oneOf(at+".api", e.API, "tika", "docling")
		k.that(e.Output == "", at+".output", "is for a command; servers say what they answer")
	}
	k.url(at+".url", e.URL)
	k.that(e.Timeout >= 0, at+".timeout", "%v is below zero", e.Timeout)
}

func (s Server) check(k *checks, auth Auth) {
	if k.address("server.listen", s.Listen, true) && !auth.Enabled() && !s.InsecureNoAuth {
		k.that(isLoopback(s.Listen), "server.listen",
			"%s is not loopback and no key is set: set %s or auth.keys, or server.insecure_no_auth (--insecure-no-auth) to let anyone in", s.Listen, APIKeyVariable)
	}
	k.url("server.public_url", s.PublicURL)
	k.that(!s.Secret.IsSet() || len(s.Secret.Reveal()) >= 32, "server.secret", "is shorter than 32 bytes")
	k.that(s.MaxBody > 0, "server.max_body", "%v is not above zero", s.MaxBody)
	k.positive("server.drain", s.Drain)
	k.positive("server.heartbeat", s.Heartbeat)
	for i, rule := range s.PassThrough {
		k.that(passRule.MatchString(rule), fmt.Sprintf("server.passthrough[%d]", i), "%q: want METHOD /v1/path, where * stands for a segment and ** for the rest", rule)
	}
}

func (a Auth) check(k *checks) {
	names, sums := map[string]int{}, map[string]int{}
	for i, key := range a.Keys {
		path := fmt.Sprintf("auth.keys[%d]", i)
		key.check(k, path)
		if first, taken := names[key.Name]; taken && key.Name != "" {
			k.that(false, path+".name", "%q is auth.keys[%d]'s already", key.Name, first)
		} else {
			names[key.Name] = i
		}
		sum := strings.ToLower(key.SHA256)
		if first, taken := sums[sum]; taken && sum != "" {
			k.that(false, path+".sha256", "is auth.keys[%d]'s already", first)
		} else {
			sums[sum] = i
		}
	}
	if i, taken := sums[hashOf(a.APIKey)]; taken && a.APIKey.IsSet() {
		k.that(false, fmt.Sprintf("auth.keys[%d].sha256", i), "is of the key in %s: what may its holder see?", APIKeyVariable)
	}
}

func (key Key) check(k *checks, path string) {
	k.that(key.Name != "", path+".name", "is empty: logs name the key by it")
	raw, err := hex.DecodeString(key.SHA256)
	k.that(err == nil && len(raw) == 32 && key.SHA256 == strings.ToLower(key.SHA256), path+".sha256",
		"is not a SHA-256 in 64 lower-case hex digits: printf %%s KEY | sha256sum")
	k.that(!strings.Contains(key.User, ":"), path+".user", "%q: write the bare name, user: is put before it", key.User)
	for i, g := range key.Groups {
		k.that(g != "" && !strings.Contains(g, ":"), fmt.Sprintf("%s.groups[%d]", path, i), "%q: write the bare name, group: is put before it", g)
	}
	k.that(key.Collections == nil || len(key.Collections) > 0, path+".collections",
		"is empty, which would allow none: leave the key out to allow all of the tenant")
	k.collections(path+".collections", key.Collections)
}

// upstreams checks each model server, and what they say of one another.
func (c Config) upstreams(k *checks) {
	c.Upstream.check(k, "upstream")
	k.that(c.Upstream.isSet() || !c.Upstream.APIKey.IsSet(), "upstream.base_url", "is empty, and upstream.api_key is set: where should it be sent?")
	for i, u := range c.Upstreams {
		at := fmt.Sprintf("upstreams[%d]", i)
		u.check(k, at)
		k.that(u.isSet(), at+".base_url", "is empty")
	}
	names := map[string]bool{}
	servers := c.Servers()
	for _, u := range servers {
		k.that(!names[u.Name], "upstreams", "two have the name %q", u.Name)
		names[u.Name] = true
	}
	c.Upstream.checkFallback(k, "upstream", names)
	for i, u := range c.Upstreams {
		u.checkFallback(k, fmt.Sprintf("upstreams[%d]", i), names)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Models)) {
		at := c.Models[name].Upstream
		k.that(at == "" || names[at], "models."+name+".upstream", "%q is no upstream", at)
	}
}

func (u Upstream) checkFallback(k *checks, at string, names map[string]bool) {
	for _, other := range u.Fallback {
		k.that(names[other] && other != u.Name, at+".fallback", "%q is no other upstream", other)
	}
}

func (u Upstream) check(k *checks, at string) {
	k.that(u.Name != "", at+".name", "is empty")
	if u.Preset != "" {
		k.oneOf(at+".preset", u.Preset, presets...)
	}
	k.url(at+".base_url", u.BaseURL)
	for i, api := range u.APIs {
		k.oneOf(fmt.Sprintf("%s.apis[%d]", at, i), api, "openai", "anthropic", "gemini")
	}
	k.oneOf(at+".auth", u.Auth, "key", "passthrough")
	k.that(u.Auth != "passthrough" || !u.APIKey.IsSet(), at+".api_key", "is set beside auth: passthrough, which sends the client's own key")
	for _, name := range slices.Sorted(maps.Keys(u.Headers)) {
		k.that(headerName.MatchString(name) && !credentialHeader[strings.ToLower(name)], at+".headers", "%q: want the name of a header that is no credential; the key goes into api_key", name)
	}
	for name := range u.Query {
		k.that(name != "" && name != "key", at+".query", "%q: want the name of a parameter that is no credential", name)
	}
	k.patterns(at+".models", u.Models)
	k.patterns(at+".context_windows", slices.Sorted(maps.Keys(u.ContextWindows)))
	for name, n := range u.ContextWindows {
		k.that(n > 0, at+".context_windows", "%s: %d is not above zero", name, n)
	}
	for from, to := range u.Rewrite {
		k.that(from != "" && to != "", at+".rewrite", "want NAME: NAME")
	}
	k.between(at+".weight", u.Weight, 0, 1000)
	k.between(at+".max_concurrency", u.MaxConcurrency, 0, 100_000)
	k.between(at+".max_queue", u.MaxQueue, 0, 100_000)
	k.positive(at+".queue_timeout", u.QueueTimeout)
	k.positive(at+".timeouts.connect", u.Timeouts.Connect)
	k.positive(at+".timeouts.first_byte", u.Timeouts.FirstByte)
	k.positive(at+".timeouts.idle", u.Timeouts.Idle)
	k.positive(at+".timeouts.total", u.Timeouts.Total)
}

var passRule = regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE) /(v1|v1beta)(/[A-Za-z0-9_.:*-]+)+$`)

var headerName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

var credentialHeader = map[string]bool{"authorization": true, "api-key": true, "x-api-key": true, "x-goog-api-key": true, "cookie": true}

func (k *checks) patterns(key string, patterns []string) {
	for _, p := range patterns {
		_, err := path.Match(p, "")
		k.that(err == nil && p != "", key, "%q is no pattern of names", p)
	}
}

func (m Model) check(k *checks, name string, r Retrieval) {
	at := "models." + name
	k.that(modelName.MatchString(name), at, "%q is no name of a model: want letters, digits and . _ / -", name)
	k.that(m.Collections == nil || len(m.Collections) > 0, at+".collections", "is empty: leave the key out to search those of retrieval.collections")
	k.collections(at+".collections", m.Collections)
	optional := func(key, value string, allowed ...string) {
		if value != "" {
			k.oneOf(at+key, value, allowed...)
		}
	}
	optional(".mode", m.Mode, "hybrid", "dense", "lexical", "full")
	optional(".on_empty", m.OnEmpty, "passthrough", "instruct", "refuse")
	optional(".on_error", m.OnError, "fail", "degrade")
	k.that(m.Profile == "" || profileName.MatchString(m.Profile), at+".profile", "%q: want 1 to 63 of a-z, 0-9 and -, the first a letter or digit", m.Profile)
	optional(".citations", m.Citations, "annotations", "links", "footnotes", "none")
	k.between(at+".top_k", m.TopK, 0, r.MaxTopK)
	k.between(at+".token_budget", m.TokenBudget, 0, r.MaxTokenBudget)
	if m.MinScore != nil {
		k.fraction(at+".min_score", *m.MinScore)
	}
}

func (r Retrieval) check(k *checks) {
	k.oneOf("retrieval.enrich", r.Enrich, "all", "virtual", "none")
	k.that(profileName.MatchString(r.Profile), "retrieval.profile", "%q: want 1 to 63 of a-z, 0-9 and -, the first a letter or digit", r.Profile)
	k.that(len(r.Collections) > 0, "retrieval.collections", "is empty: want at least one")
	k.collections("retrieval.collections", r.Collections)
	k.oneOf("retrieval.mode", r.Mode, "hybrid", "dense", "lexical", "full")
	k.between("retrieval.max_top_k", r.MaxTopK, 1, 1000)
	k.between("retrieval.top_k", r.TopK, 1, 1000)
	k.that(r.TopK <= r.MaxTopK, "retrieval.top_k", "%d is above retrieval.max_top_k, %d", r.TopK, r.MaxTopK)
	k.between("retrieval.max_token_budget", r.MaxTokenBudget, 1, 10_000_000)
	k.between("retrieval.token_budget", r.TokenBudget, 1, 10_000_000)
	k.that(r.TokenBudget <= r.MaxTokenBudget, "retrieval.token_budget", "%d is above retrieval.max_token_budget, %d", r.TokenBudget, r.MaxTokenBudget)
	k.fraction("retrieval.min_score", r.MinScore)
	k.between("retrieval.per_document", r.PerDocument, 0, 1000)
	k.oneOf("retrieval.on_empty", r.OnEmpty, "passthrough", "instruct", "refuse")
	k.oneOf("retrieval.on_error", r.OnError, "fail", "degrade")
	k.between("retrieval.candidates", r.Candidates, 1, 10_000)
	k.between("retrieval.neighbours", r.Neighbours, 0, 5)
	k.fraction("retrieval.diversity", r.Diversity)
	k.that(r.Recency.Field != "", "retrieval.recency.field", "is empty")
	k.that(r.Recency.HalfLifeDays >= 0 && r.Recency.HalfLifeDays <= 100_000, "retrieval.recency.half_life_days", "%v is not from 0 to 100000", r.Recency.HalfLifeDays)
	k.fraction("retrieval.recency.weight", r.Recency.Weight)
	k.oneOf("retrieval.fusion.method", r.Fusion.Method, "minmax", "rrf")
	k.between("retrieval.fusion.rank_constant", r.Fusion.RankConstant, 1, 10_000)
	k.fraction("retrieval.fusion.alpha", r.Fusion.Alpha.Value)
	k.that(r.BM25.K1 > 0 && r.BM25.K1 <= 10, "retrieval.bm25.k1", "%v is not above 0 and up to 10", r.BM25.K1)
	k.fraction("retrieval.bm25.b", r.BM25.B)
	k.positive("retrieval.timeouts.embed", r.Timeouts.Embed)
	k.positive("retrieval.timeouts.search", r.Timeouts.Search)
}

func (r Rewriter) check(k *checks) {
	k.that(!r.Used() || r.BaseURL != "", "rewriter.base_url", "is empty, and there is no upstream.base_url to take its place")
	k.that(!r.Used() || r.Model != "", "rewriter.model", "is empty: which model is to reword questions?")
	k.url("rewriter.base_url", r.BaseURL)
	k.between("rewriter.queries", r.Queries, 0, 8)
	k.positive("rewriter.timeout", r.Timeout)
}

func (r Reranker) check(k *checks) {
	k.oneOf("reranker.kind", r.Kind, "none", "cohere", "jina", "tei")
	k.that(r.Kind == "none" || r.BaseURL != "", "reranker.base_url", "is empty, and reranker.kind is %s", r.Kind)
	k.that(r.Kind == "none" || r.Kind == "tei" || r.Model != "", "reranker.model", "is empty, and reranker.kind is %s", r.Kind)
	k.url("reranker.base_url", r.BaseURL)
	k.between("reranker.depth", r.Depth, 1, 1000)
	k.positive("reranker.timeout", r.Timeout)
	k.between("reranker.concurrency", r.Concurrency, 1, 256)
	k.between("reranker.batch", r.Batch, 0, 1000)
	k.between("reranker.max_chars", r.MaxChars, 100, 1_000_000)
}

func (q Qdrant) check(k *checks) {
	k.positive("store.qdrant.timeout", q.Timeout)
	k.oneOf("store.qdrant.quantization", q.Quantization, "scalar", "binary", "none")
	k.that(q.Oversampling == 0 || q.Oversampling >= 1 && q.Oversampling <= 100, "store.qdrant.oversampling", "%v is neither 0 nor from 1 to 100", q.Oversampling)
	k.between("store.qdrant.m", q.M, 0, 512)
	k.between("store.qdrant.ef_construct", q.EfConstruct, 0, 100_000)
	k.between("store.qdrant.search_ef", q.SearchEf, 0, 100_000)
	k.between("store.qdrant.shards", q.Shards, 0, 1000)
	k.between("store.qdrant.replicas", q.Replicas, 0, 100)
	k.between("store.qdrant.write_consistency", q.WriteConsistency, 0, max(1, q.Replicas))
	k.between("store.qdrant.write_streams", q.WriteStreams, 1, 64)
}

// checks collects what does not hold.
type checks struct{ problems Problems }

func (k *checks) that(ok bool, key, format string, args ...any) {
	if !ok {
		k.problems = append(k.problems, Problem{Key: key, Message: fmt.Sprintf(format, args...)})
	}
}

func (k *checks) oneOf(key, value string, allowed ...string) {
	if slices.Contains(allowed, value) {
		return
	}
	k.that(false, key, "%q is not one of %s%s", value, strings.Join(allowed, ", "), didYouMean(value, allowed))
}

// didYouMean is "; did you mean X?" when value is probably a slip of one of the choices.
func didYouMean(value string, choices []string) string {
	if near := Nearest(value, choices); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

func (k *checks) between(key string, n, low, high int) {
	k.that(n >= low && n <= high, key, "%d is not from %d to %d", n, low, high)
}

func (k *checks) fraction(key string, x float64) {
	k.that(x >= 0 && x <= 1, key, "%v is not from 0 to 1", x)
}

func (k *checks) positive(key string, d time.Duration) {
	k.that(d > 0, key, "%v is not above zero", d)
}

func (k *checks) collections(key string, names []string) {
	for i, name := range names {
		k.that(collectionName.MatchString(name), fmt.Sprintf("%s[%d]", key, i),
			"%q: want 1 to 63 of a-z, 0-9, _ and -, the first a letter or digit", name)
	}
}

// address wants host:port; to listen on, the host may be empty and the port 0.
func (k *checks) address(key, value string, listen bool) bool {
	host, port, err := net.SplitHostPort(value)
	n, portErr := strconv.ParseUint(port, 10, 16)
	ok := err == nil && portErr == nil && (listen || (host != "" && n > 0))
	k.that(ok, key, "%q is not host:port", value)
	return ok
}

func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

// url wants http or https and a host, and no credentials: they would be logged. The
// value is quoted only when it can hold none.
func (k *checks) url(key, value string) {
	if value == "" {
		return
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		k.that(false, key, "is not an http:// or https:// address")
	case u.User != nil:
		k.that(false, key, "has a user name or password in it; keys go into api_key")
	case u.RawQuery != "" || u.Fragment != "":
		k.that(false, key, "has a ? or # in it")
	}
}
