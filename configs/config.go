// Package configs reads ragway's configuration: what Default says, then a YAML file over
// it, then the RAGWAY_… environment. Flags go over the result in the command line.
//
// ragway.yaml, embedded as [Reference], documents every key with its default. Secrets
// never stand in the file: a secret is {env: NAME} or {file: PATH}, or comes from its
// RAGWAY_… variable, and every way of printing a Config shows it as <secret>.
package configs

import (
	_ "embed"
	"time"
)

// Reference is the default configuration with a comment on every key.
//
//go:embed ragway.yaml
var Reference []byte

// Config is everything that can be configured. A key's path in the file is the chain of
// yaml tags: Config.Store.Qdrant.Timeout is store.qdrant.timeout, and
// RAGWAY_STORE_QDRANT_TIMEOUT in the environment.
type Config struct {
	DataDir     string   `yaml:"data_dir"`
	Language    string   `yaml:"language"`
	ProfilesDir string   `yaml:"profiles_dir"` // for LoadProfiles
	Store       Store    `yaml:"store"`
	Embedder    Embedder `yaml:"embedder"`
	// OtherEmbedders answer for collections that were made with them: while collections
	// change their embedder, and where several are in use.
	OtherEmbedders []Embedder `yaml:"other_embedders"`
	Chunking       Chunking   `yaml:"chunking"`
	Ingest         Ingest     `yaml:"ingest"`
	Server         Server     `yaml:"server"`
	Auth           Auth       `yaml:"auth"`
	Uploads        Uploads    `yaml:"uploads"`
	Upstream       Upstream   `yaml:"upstream"`
	// Upstreams are further model servers. An Upstream without an address is then none.
	Upstreams []Upstream `yaml:"upstreams"`
	// Models are names that clients can ask for, each with what it stands for.
	Models    map[string]Model `yaml:"models"`
	Retrieval Retrieval        `yaml:"retrieval"`
	Rewriter  Rewriter         `yaml:"rewriter"`
	Reranker  Reranker         `yaml:"reranker"`
	Log       Log              `yaml:"log"`
}

// Store says where documents are kept.
type Store struct {
	Kind   string `yaml:"kind"` // local, qdrant
	Qdrant Qdrant `yaml:"qdrant"`
}

// Qdrant is the server that store.kind qdrant talks to.
type Qdrant struct {
	Addresses []string      `yaml:"addresses"` // host:port of gRPC
	APIKey    Secret        `yaml:"api_key"`
	TLS       bool          `yaml:"tls"`
	Timeout   time.Duration `yaml:"timeout"` // of one call

	Quantization     string  `yaml:"quantization"` // scalar, binary, none
	Oversampling     float64 `yaml:"oversampling"` // 0: what suits the quantization
	DiskVectors      bool    `yaml:"disk_vectors"`
	MemoryPayload    bool    `yaml:"memory_payload"`
	M                int     `yaml:"m"` // 0: the server's default, as the five below
	EfConstruct      int     `yaml:"ef_construct"`
	SearchEf         int     `yaml:"search_ef"`
	Shards           int     `yaml:"shards"`
	Replicas         int     `yaml:"replicas"`
	WriteConsistency int     `yaml:"write_consistency"` // 0: half of the replicas
	WriteStreams     int     `yaml:"write_streams"`
}

// Embedder turns text into vectors. An empty BaseURL under kind openai has been replaced
// by the upstream's, with its key, once Load returns.
type Embedder struct {
	Kind           string        `yaml:"kind"` // builtin, openai, none
	BaseURL        string        `yaml:"base_url"`
	APIKey         Secret        `yaml:"api_key"`
	Model          string        `yaml:"model"`
	Dimensions     int           `yaml:"dimensions"` // 0: the model's own
	QueryPrefix    string        `yaml:"query_prefix"`
	DocumentPrefix string        `yaml:"document_prefix"`
	Batch          int           `yaml:"batch"`        // texts a request
	BatchTokens    int           `yaml:"batch_tokens"` // tokens a request
	Concurrency    int           `yaml:"concurrency"`  // requests at once
	RPM            int           `yaml:"requests_per_minute"`
	TPM            int           `yaml:"tokens_per_minute"`
	Timeout        time.Duration `yaml:"timeout"` // of one request
	Retries        int           `yaml:"retries"` // after the first attempt
}

// Chunking is what a new collection is created with. Counts are tokens of Tokenizer.
type Chunking struct {
	Strategy  string `yaml:"strategy"` // auto, sentence, fixed
	Tokens    int    `yaml:"tokens"`
	Overlap   int    `yaml:"overlap"`
	Tokenizer string `yaml:"tokenizer"`
}

// Ingest bounds a run of ragway ingest.
type Ingest struct {
	Workers         int           `yaml:"workers"` // 0: one a processor
	MaxFileSize     Size          `yaml:"max_file_size"`
	DocumentTimeout time.Duration `yaml:"document_timeout"`
	Extractors      []Extractor   `yaml:"extractors"`
}

// Extractor is a program or a server that reads documents that ragway does not.
type Extractor struct {
	Files   []string      `yaml:"files"`   // patterns of names
	Command []string      `yaml:"command"` // program and arguments: document in, text out
	URL     string        `yaml:"url"`     // of a server, in place of command
	API     string        `yaml:"api"`     // of the server: tika, docling
	Output  string        `yaml:"output"`  // of the command: text, markdown, html
	Timeout time.Duration `yaml:"timeout"`
	Instead bool          `yaml:"instead"` // also of the built-in reader, not only after it
}

// Uploads bounds the files that clients of the gateway upload.
type Uploads struct {
	Dir          string `yaml:"dir"` // empty: uploads in the data folder
	MaxFileSize  Size   `yaml:"max_file_size"`
	MaxTotalSize Size   `yaml:"max_total_size"`
	MaxFiles     int    `yaml:"max_files"`
	Workers      int    `yaml:"workers"`
}

// Server is the gateway's own side.
type Server struct {
	Listen         string        `yaml:"listen"`
	PublicURL      string        `yaml:"public_url"` // how clients reach it; empty: the Host each used
	InsecureNoAuth bool          `yaml:"insecure_no_auth"`
	Secret         Secret        `yaml:"secret"` // unset: made once and kept in the data folder
	MaxBody        Size          `yaml:"max_body"`
	Drain          time.Duration `yaml:"drain"`
	Heartbeat      time.Duration `yaml:"heartbeat"`   // between SSE comments while a stream is silent
	PassThrough    []string      `yaml:"passthrough"` // "METHOD /path"
}

// Upstream is a model server that requests are forwarded to.
type Upstream struct {
	Name     string            `yaml:"name"`
	Preset   string            `yaml:"preset"`   // what kind of server it is; "" or other: none of those known
	BaseURL  string            `yaml:"base_url"` // empty: the preset's, or the built-in extractive answerer
	APIs     []string          `yaml:"apis"`     // openai, anthropic, gemini; empty: the preset's
	APIKey   Secret            `yaml:"api_key"`
	Auth     string            `yaml:"auth"` // key, passthrough
	Headers  map[string]string `yaml:"headers"`
	Query    map[string]string `yaml:"query"`
	Models   []string          `yaml:"models"` // patterns; empty: all
	Rewrite  map[string]string `yaml:"rewrite"`
	Weight   int               `yaml:"weight"`
	Fallback []string          `yaml:"fallback"` // names of others, in order

	MaxConcurrency int           `yaml:"max_concurrency"` // 0: no bound
	MaxQueue       int           `yaml:"max_queue"`
	QueueTimeout   time.Duration `yaml:"queue_timeout"`

	StreamUsage    bool             `yaml:"stream_usage"`
	ContextWindows map[string]int   `yaml:"context_windows"` // tokens, by pattern of the model's name
	TLSCA          string           `yaml:"tls_ca"`
	Timeouts       UpstreamTimeouts `yaml:"timeouts"`
}

// UpstreamTimeouts bounds one forwarded request.
type UpstreamTimeouts struct {
	Connect   time.Duration `yaml:"connect"`
	FirstByte time.Duration `yaml:"first_byte"`
	Idle      time.Duration `yaml:"idle"` // between two reads of the answer
	Total     time.Duration `yaml:"total"`
}

// Model is a virtual model. What it leaves out is as for every request.
type Model struct {
	Upstream    string   `yaml:"upstream,omitempty"` // empty: whichever serves Model
	Model       string   `yaml:"model,omitempty"`    // that is asked; empty: the same name
	Profile     string   `yaml:"profile,omitempty"`
	Collections []string `yaml:"collections,omitempty"`
	Filter      string   `yaml:"filter,omitempty"` // JSON, as in a request
	Mode        string   `yaml:"mode,omitempty"`
	TopK        int      `yaml:"top_k,omitempty"`
	TokenBudget int      `yaml:"token_budget,omitempty"`
	MinScore    *float64 `yaml:"min_score,omitempty"`
	OnEmpty     string   `yaml:"on_empty,omitempty"` // empty: the profile's, else instruct
	OnError     string   `yaml:"on_error,omitempty"`
	Citations   string   `yaml:"citations,omitempty"` // annotations, links, footnotes, none
}

// Retrieval says which requests are enriched, from what, and how much.
type Retrieval struct {
	Enrich         string            `yaml:"enrich"`  // all, virtual, none
	Profile        string            `yaml:"profile"` // where a request names none
	Collections    []string          `yaml:"collections"`
	Mode           string            `yaml:"mode"` // hybrid, dense, lexical
	TopK           int               `yaml:"top_k"`
	MaxTopK        int               `yaml:"max_top_k"`
	TokenBudget    int               `yaml:"token_budget"`
	MaxTokenBudget int               `yaml:"max_token_budget"`
	MinScore       float64           `yaml:"min_score"` // of Hit.Relevance
	PerDocument    int               `yaml:"per_document"`
	Neighbours     int               `yaml:"neighbours"` // chunks of the same section to widen a passage by, on either side
	Diversity      float64           `yaml:"diversity"`  // how much likeness to better passages counts against one
	Recency        Recency           `yaml:"recency"`
	OnEmpty        string            `yaml:"on_empty"` // passthrough, instruct, refuse
	OnError        string            `yaml:"on_error"` // fail, degrade
	Candidates     int               `yaml:"candidates"`
	Fusion         Fusion            `yaml:"fusion"`
	BM25           BM25              `yaml:"bm25"`
	Timeouts       RetrievalTimeouts `yaml:"timeouts"`
}

// Recency lets newer documents rank higher.
type Recency struct {
	Field        string  `yaml:"field"`
	HalfLifeDays float64 `yaml:"half_life_days"` // 0: age plays no part
	Weight       float64 `yaml:"weight"`
}

// Reranker is a model that reads question and passage together, behind HTTP.
type Reranker struct {
	Kind        string        `yaml:"kind"`     // none, cohere, jina, tei
	BaseURL     string        `yaml:"base_url"` // up to and without /rerank
	APIKey      Secret        `yaml:"api_key"`
	Model       string        `yaml:"model"`
	Depth       int           `yaml:"depth"` // passages it reads
	Timeout     time.Duration `yaml:"timeout"`
	Concurrency int           `yaml:"concurrency"`
	Batch       int           `yaml:"batch"` // passages a request; 0: what suits the kind
	MaxChars    int           `yaml:"max_chars"`
}

// Rewriter is a chat model that rewords questions before they are searched. It is used when
// one of Complete, HyDE and Queries is asked for. An address and key that are not set are
// the upstream's, once Load returns.
type Rewriter struct {
	BaseURL  string        `yaml:"base_url"`
	APIKey   Secret        `yaml:"api_key"`
	Model    string        `yaml:"model"`
	Complete bool          `yaml:"complete"`
	HyDE     bool          `yaml:"hyde"`
	Queries  int           `yaml:"queries"`
	Timeout  time.Duration `yaml:"timeout"`
}

// Used reports whether questions are reworded at all.
func (r Rewriter) Used() bool { return r.Complete || r.HyDE || r.Queries > 0 }

// Fusion says how the lexical and the dense list become one.
type Fusion struct {
	Method       string `yaml:"method"`        // minmax, rrf
	RankConstant int    `yaml:"rank_constant"` // k of rrf
	Alpha        Alpha  `yaml:"alpha"`         // weight of the dense list
	Reserve      bool   `yaml:"reserve"`       // keep the dense list's first two near the top
}

// BM25 has the two constants of the lexical score.
type BM25 struct {
	K1 float64 `yaml:"k1"`
	B  float64 `yaml:"b"`
}

// RetrievalTimeouts bounds the legs of one retrieval.
type RetrievalTimeouts struct {
	Embed  time.Duration `yaml:"embed"`  // of the question; over it, retrieval is lexical and says so
	Search time.Duration `yaml:"search"` // of the store
}

// Log says what is logged and how.
type Log struct {
	Level   string `yaml:"level"`  // debug, info, warn, error
	Format  string `yaml:"format"` // text, json
	Content bool   `yaml:"content"`
}

// Default is what ragway.yaml says. Each number has its reason there.
func Default() Config {
	return Config{
		DataDir:  "./ragway-data",
		Language: "en",
		Store: Store{
			Kind: "local",
			Qdrant: Qdrant{
				Addresses: []string{"127.0.0.1:6334"}, Timeout: 10 * time.Second,
				Quantization: "scalar", WriteStreams: 3,
			},
		},
		Embedder: defaultEmbedder(), OtherEmbedders: []Embedder{},
		Chunking: Chunking{Strategy: "auto", Tokens: 400, Overlap: 0, Tokenizer: "o200k_base"},
		Ingest:   Ingest{MaxFileSize: 256 * MiB, DocumentTimeout: 2 * time.Minute, Extractors: []Extractor{}},
		Server: Server{
			Listen: "127.0.0.1:8080", MaxBody: 20 * MiB,
			Drain: 30 * time.Second, Heartbeat: 10 * time.Second, PassThrough: defaultPassThrough(),
		},
		Auth:     Auth{Keys: []Key{}},
		Uploads:  Uploads{MaxFileSize: 100 * MiB, MaxTotalSize: 10 * GiB, MaxFiles: 10_000, Workers: 1},
		Upstream: defaultUpstream("default"), Upstreams: []Upstream{},
		Models: map[string]Model{},
		Retrieval: Retrieval{
			Enrich: "all", Profile: DefaultProfileName, Collections: []string{"default"}, Mode: "hybrid",
			TopK: 6, MaxTopK: 50, TokenBudget: 3000, MaxTokenBudget: 16_000,
			MinScore: 0.2, PerDocument: 3, OnEmpty: "passthrough", OnError: "fail",
			Recency:    Recency{Field: "date", Weight: 0.3},
			Candidates: 100,
			Fusion:     Fusion{Method: "minmax", RankConstant: 60, Alpha: Alpha{Auto: true}, Reserve: true},
			BM25:       BM25{K1: 1.2, B: 0.75},
			Timeouts:   RetrievalTimeouts{Embed: 3 * time.Second, Search: 5 * time.Second},
		},
		Rewriter: Rewriter{Timeout: 5 * time.Second},
		Reranker: Reranker{Kind: "none", Depth: 50, Timeout: 10 * time.Second, Concurrency: 4, MaxChars: 8000},
		Log:      Log{Level: "info", Format: "text"},
	}
}

func defaultUpstream(name string) Upstream {
	return Upstream{
		Name: name, APIs: []string{}, Auth: "key", Headers: map[string]string{}, Query: map[string]string{},
		Models: []string{}, Rewrite: map[string]string{}, Weight: 1, Fallback: []string{},
		MaxQueue: 100, QueueTimeout: 30 * time.Second, ContextWindows: map[string]int{},
		Timeouts: UpstreamTimeouts{
			Connect: 10 * time.Second, FirstByte: 5 * time.Minute, Idle: 2 * time.Minute, Total: 30 * time.Minute,
		},
	}
}

// defaultPassThrough is what clients of OpenAI, Anthropic and Google ask for besides answers.
func defaultPassThrough() []string {
	return []string{
		"POST /v1/completions", "POST /v1/moderations", "POST /v1/audio/*", "POST /v1/images/*",
		"POST /v1/batches", "GET /v1/batches", "GET /v1/batches/*", "POST /v1/batches/*/cancel",
		"GET /v1/fine_tuning/**", "POST /v1/fine_tuning/**", "DELETE /v1/fine_tuning/**",
		"GET /v1/responses/**", "DELETE /v1/responses/*", "POST /v1/responses/*/cancel", "POST /v1/responses/input_tokens",
		"POST /v1/messages/count_tokens", "GET /v1/models/**", "GET /v1beta/models/**",
		"POST /v1beta/models/*:countTokens", "POST /v1/models/*:countTokens",
		"POST /v1beta/models/*:embedContent", "POST /v1beta/models/*:batchEmbedContents",
	}
}

// Servers are the model servers there are, none where the built-in answerer replies.
func (c Config) Servers() []Upstream {
	if c.Upstream.isSet() {
		return append([]Upstream{c.Upstream}, c.Upstreams...)
	}
	return c.Upstreams
}

// isSet reports whether there is such a server: some presets know their address.
func (u Upstream) isSet() bool { return u.BaseURL != "" || presetHasAddress[u.Preset] }

// presetHasAddress are the presets of services and of servers with a port of their own.
var presetHasAddress = map[string]bool{
	"openai": true, "anthropic": true, "gemini": true, "huggingface": true, "ollama": true, "vllm": true, "lmstudio": true,
	"llamacpp": true, "openrouter": true, "mistral": true,
}

// presets are all of them.
var presets = []string{
	"other", "openai", "azure", "anthropic", "gemini", "huggingface", "ollama", "vllm", "lmstudio", "llamacpp", "openrouter", "mistral",
}

func defaultEmbedder() Embedder {
	return Embedder{Kind: "builtin", Batch: 32, BatchTokens: 100_000, Concurrency: 4, Timeout: 60 * time.Second, Retries: 6}
}

// UseEmbedder makes the embedder of this name the main one: the configured one of this kind
// or model, the main one before the others, or else one of this kind as it is by default.
func (c *Config) UseEmbedder(name string) {
	for _, e := range append([]Embedder{c.Embedder}, c.OtherEmbedders...) {
		if e.Kind == name || e.Model == name {
			c.Embedder = e
			return
		}
	}
	c.Embedder = defaultEmbedder()
	c.Embedder.Kind = name
	c.Embedder.complete(c.Upstream)
}
