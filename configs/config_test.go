package configs

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReferenceIsTheDefault(t *testing.T) {
	got, err := Load(Sources{File: "ragway.yaml", Data: Reference})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), got); diff != "" {
		t.Errorf("ragway.yaml is not Default() (-default +file):\n%s", diff)
	}
	if err := got.Validate(); err != nil {
		t.Errorf("the default is not valid: %v", err)
	}
}

func TestReferenceHasEveryKeyWithAComment(t *testing.T) {
	lines := strings.Split(string(Reference), "\n")
	for path, v := range walk(reflect.ValueOf(new(Config)).Elem(), "") {
		at := lineOf(lines, path)
		switch {
		case at < 0:
			t.Errorf("ragway.yaml does not have %s", path)
		case !isSection(v.Type()) && !strings.HasPrefix(strings.TrimSpace(lines[at-1]), "#"):
			t.Errorf("ragway.yaml:%d: no comment above %s", at+1, path)
		}
	}
}

// lineOf finds the line of the key at path by its indentation, -1 when there is none.
func lineOf(lines []string, path string) int {
	at := -1
	for depth, key := range strings.Split(path, ".") {
		indent := strings.Repeat("  ", depth)
		found := -1
		for i := at + 1; i < len(lines) && found < 0; i++ {
			if strings.HasPrefix(lines[i], indent+key+":") {
				found = i
			}
		}
		if found < 0 {
			return -1
		}
		at = found
	}
	return at
}

func TestPrintedConfigurationLoadsAgain(t *testing.T) {
	c := Default()
	c.Auth.Keys = []Key{{Name: "ann", SHA256: strings.Repeat("ab", 32), User: "ann", Collections: []string{"hr"}}, {Name: "bob"}}
	c.Server.Drain = 90 * time.Minute
	c.Retrieval.Fusion.Alpha = Alpha{Value: 0.4}
	c.Embedder.QueryPrefix = "query: "
	c.Server.MaxBody = 1<<20 + 1

	var printed bytes.Buffer
	if err := c.Print(&printed); err != nil {
		t.Fatal(err)
	}
	got, err := Load(Sources{Data: printed.Bytes()})
	if err != nil {
		t.Fatalf("%v in\n%s", err, printed.String())
	}
	if diff := cmp.Diff(c, got); diff != "" {
		t.Errorf("(-printed +loaded):\n%s", diff)
	}
}

func TestFileThenEnvironmentWinsOverDefault(t *testing.T) {
	env := map[string]string{
		"RAGWAY_RETRIEVAL_TOP_K":        "9",
		"RAGWAY_RETRIEVAL_COLLECTIONS":  "hr, legal",
		"RAGWAY_SERVER_MAX_BODY":        "1MiB",
		"RAGWAY_STORE_QDRANT_TIMEOUT":   "3s",
		"RAGWAY_LOG_CONTENT":            "true",
		"RAGWAY_RETRIEVAL_FUSION_ALPHA": "0.25",
		"RAGWAY_STORE_QDRANT_API_KEY":   "from-environment",
		"RAGWAY_AUTH_KEYS":              `[{"name":"ann","sha256":"00","groups":["hr"]}]`,
		"RAGWAY_LANGUAGE":               "", // counts as unset
	}
	file := "language: de\nretrieval: {top_k: 7, max_top_k: 70}\nstore: {qdrant: {api_key: {env: NOT_SET}}}\n"

	got, err := Load(Sources{Data: []byte(file), Getenv: lookup(env)})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Language = "de"
	want.Retrieval.TopK, want.Retrieval.MaxTopK = 9, 70
	want.Retrieval.Collections = []string{"hr", "legal"}
	want.Server.MaxBody = MiB
	want.Store.Qdrant.Timeout = 3 * time.Second
	want.Log.Content = true
	want.Retrieval.Fusion.Alpha = Alpha{Value: 0.25}
	want.Store.Qdrant.APIKey = NewSecret("from-environment")
	want.Auth.Keys = []Key{{Name: "ann", SHA256: "00", Groups: []string{"hr"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func lookup(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

func TestBadEnvironmentIsNamed(t *testing.T) {
	_, err := Load(Sources{Getenv: lookup(map[string]string{
		"RAGWAY_RETRIEVAL_TOP_K": "many",
		"RAGWAY_AUTH_KEYS":       `[{"nam":"ann"}]`,
	})})
	want := "RAGWAY_AUTH_KEYS:1:3: auth.keys[0].nam: unknown key; did you mean name?\n" +
		`RAGWAY_RETRIEVAL_TOP_K: retrieval.top_k: "many" is not a whole number`
	if got := err.Error(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestEveryKeyHasAVariableOfItsOwn(t *testing.T) {
	owner := map[string]string{APIKeyVariable: "auth", FileVariable: "the file"}
	for path := range walk(reflect.ValueOf(new(Config)).Elem(), "") {
		name := EnvName(path)
		if other, taken := owner[name]; taken {
			t.Errorf("%s means both %s and %s", name, other, path)
		}
		owner[name] = path
	}
}

func TestMisspeltVariablesAreNoticed(t *testing.T) {
	got := UnknownEnv([]string{
		"RAGWAY_RETRIEVAL_TOPK=3", "RAGWAY_RETRIEVAL_TOP_K=3", "RAGWAY_API_KEY=x", "RAGWAY_CONFIG=/etc/ragway.yaml",
		"RAGWAY_PORT_8080_TCP_ADDR=10.0.0.1", "RAGWAY_TEST_DATA=/x", "HOME=/root",
	})
	want := []string{"RAGWAY_RETRIEVAL_TOPK sets nothing; did you mean RAGWAY_RETRIEVAL_TOP_K?"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUpstreamComesFromOpenAIVariablesOnlyWhenNoneIsConfigured(t *testing.T) {
	const configured = "upstream: {base_url: \"http://models.internal/v1\"}\n"
	tests := []struct {
		name, file, baseURL, key string // the last two: OPENAI_…
		wantURL, wantKey         string
	}{
		{name: "nothing set: none"},
		{name: "address alone", baseURL: "http://127.0.0.1:9/v1", wantURL: "http://127.0.0.1:9/v1"},
		{name: "key alone means OpenAI", key: "k", wantURL: OpenAIBaseURL, wantKey: "k"},
		{name: "both", baseURL: "http://127.0.0.1:9/v1", key: "k", wantURL: "http://127.0.0.1:9/v1", wantKey: "k"},
		{name: "configured address never gets OpenAI's key", file: configured, key: "k", wantURL: "http://models.internal/v1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := map[string]string{"OPENAI_BASE_URL": tt.baseURL, "OPENAI_API_KEY": tt.key}
			c, err := Load(Sources{Data: []byte(tt.file), Getenv: lookup(env)})
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Upstream; got.BaseURL != tt.wantURL || got.APIKey.Reveal() != tt.wantKey {
				t.Errorf("got %q with key %q, want %q with %q", got.BaseURL, got.APIKey.Reveal(), tt.wantURL, tt.wantKey)
			}
		})
	}
}

func TestEmbedderTakesUpstreamAddressWithItsKeyOrNeither(t *testing.T) {
	const upstream = "upstream: {base_url: \"http://a/v1\", api_key: {env: UP}}\n"
	tests := []struct{ name, embedder, wantURL, wantKey string }{
		{"no address", "{kind: openai, model: m}", "http://a/v1", "up"},
		{"own address", "{kind: openai, model: m, base_url: \"http://b/v1\"}", "http://b/v1", ""},
		{"own key", "{kind: openai, model: m, api_key: {env: OWN}}", "", "own"},
		{"another kind", "{kind: builtin}", "", ""},
	}
	c, err := Load(Sources{Data: []byte(upstream + "rewriter: {hyde: true, model: m}\n"), Getenv: lookup(map[string]string{"UP": "up"})})
	if r := c.Rewriter; err != nil || r.BaseURL != "http://a/v1" || r.APIKey.Reveal() != "up" {
		t.Errorf("rewriter: %q with key %q, %v", r.BaseURL, r.APIKey.Reveal(), err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := lookup(map[string]string{"UP": "up", "OWN": "own"})
			c, err := Load(Sources{Data: []byte(upstream + "embedder: " + tt.embedder + "\nother_embedders: [" + tt.embedder + "]\n"), Getenv: env})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range append(c.OtherEmbedders, c.Embedder) {
				if e.BaseURL != tt.wantURL || e.APIKey.Reveal() != tt.wantKey {
					t.Errorf("got %q with key %q, want %q with %q", e.BaseURL, e.APIKey.Reveal(), tt.wantURL, tt.wantKey)
				}
			}
		})
	}
}

func TestUseEmbedderTakesAConfiguredOneBeforeADefault(t *testing.T) {
	c, err := Load(Sources{Data: []byte(`
embedder: {kind: openai, base_url: "http://a/v1", model: large, batch: 7}
other_embedders:
  - {kind: openai, base_url: "http://b/v1", model: small}
`)})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Embedder{
		"openai":  c.Embedder,
		"small":   c.OtherEmbedders[0],
		"builtin": Default().Embedder,
	} {
		used := c
		used.UseEmbedder(name)
		if diff := cmp.Diff(want, used.Embedder, cmp.AllowUnexported(Secret{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if err := used.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c.OtherEmbedders[0].Batch != Default().Embedder.Batch {
		t.Errorf("an item of a list has batch %d, want the default", c.OtherEmbedders[0].Batch)
	}
	c.UseEmbedder("huge")
	if err := c.Validate(); err == nil {
		t.Error("no error for an embedder that is neither a kind nor a model")
	}
}

func TestSecretFileIsRelativeToTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"key": "s3cret\n", "ragway.yaml": "store: {qdrant: {api_key: {file: key}}}"} {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load(Sources{File: dir + "/ragway.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Store.Qdrant.APIKey.Reveal(); got != "s3cret" {
		t.Errorf("got %q, want the file without its line end", got)
	}
}

func TestAnchorsAndAliasesAreFollowed(t *testing.T) {
	file := "embedder: {timeout: &wait 7s}\nupstream: {timeouts: {idle: *wait}}\nretrieval: {collections: &c [a, b]}\n"
	c, err := Load(Sources{Data: []byte(file)})
	if err != nil {
		t.Fatal(err)
	}
	if c.Upstream.Timeouts.Idle != 7*time.Second || len(c.Retrieval.Collections) != 2 {
		t.Errorf("got idle %v and collections %v", c.Upstream.Timeouts.Idle, c.Retrieval.Collections)
	}
}

func TestMissingFileIsAnError(t *testing.T) {
	if _, err := Load(Sources{File: "testdata/none.yaml"}); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("got %v, want an error naming the file", err)
	}
}
