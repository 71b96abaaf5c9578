package configs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// Variables beside those of the keys. FileVariable names the file where no flag does; it
// is read by the command line.
const (
	APIKeyVariable = "RAGWAY_API_KEY" // see Auth.APIKey
	FileVariable   = "RAGWAY_CONFIG"
)

// OpenAIBaseURL is where OPENAI_API_KEY alone sends requests, as in the official SDKs.
const OpenAIBaseURL = "https://api.openai.com/v1"

// Sources are where a configuration comes from, weakest first. The zero Sources gives
// Default.
type Sources struct {
	File   string                   // path of a YAML file; "" for none
	Data   []byte                   // the file's content where the caller has it; File then only names it
	Getenv func(name string) string // nil: an empty environment
}

// Load returns Default with the file and the environment laid over it, upstream and
// embedder completed from OPENAI_BASE_URL and OPENAI_API_KEY, and secrets looked up.
//
// It does not Validate: flags come after it. Mistakes are one Problems with all of them,
// beside a Config in which each key at fault has its default, so that a caller may join
// Load's error with Validate's and report everything at once.
func Load(src Sources) (Config, error) {
	c := Default()
	if src.Getenv == nil {
		src.Getenv = func(string) string { return "" }
	}
	data, err := src.read()
	if err != nil {
		return c, err
	}
	root := reflect.ValueOf(&c).Elem()
	secrets := secretReader{dir: filepath.Dir(src.File), getenv: src.Getenv}
	file := decoder{origin: src.name(), secrets: secrets}
	file.decode(data, root, "")
	problems := append(file.problems.sorted(), overlayEnv(root, secrets)...)

	c.Auth.APIKey = NewSecret(src.Getenv(APIKeyVariable))
	c.complete(src.Getenv)
	return c, problems.err()
}

func (src Sources) read() ([]byte, error) {
	if src.Data != nil || src.File == "" {
		return src.Data, nil
	}
	data, err := os.ReadFile(src.File)
	if err != nil {
		return nil, Problems{unreadable(src.File, err)}
	}
	return data, nil
}

func unreadable(origin string, err error) Problem {
	reason := err.Error()
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		reason = pathErr.Err.Error() // the path is the Origin already
	}
	return Problem{Origin: origin, Message: "cannot be read: " + reason}
}

func (src Sources) name() string {
	if src.File == "" {
		return "configuration"
	}
	return src.File
}

// complete fills in what follows from elsewhere. A key is only ever sent to the address
// it came with: OPENAI_API_KEY never goes to a configured upstream, nor the upstream's
// key to a configured embedder or rewriter.
func (c *Config) complete(getenv func(string) string) {
	if u := &c.Upstream; !u.isSet() && !u.APIKey.IsSet() && len(c.Upstreams) == 0 {
		u.BaseURL, u.APIKey = getenv("OPENAI_BASE_URL"), NewSecret(getenv("OPENAI_API_KEY"))
		if u.BaseURL == "" && u.APIKey.IsSet() {
			u.BaseURL = OpenAIBaseURL
		}
	}
	c.Embedder.complete(c.Upstream)
	for i := range c.OtherEmbedders {
		c.OtherEmbedders[i].complete(c.Upstream)
	}
	if r := &c.Rewriter; r.Used() && r.BaseURL == "" && !r.APIKey.IsSet() {
		r.BaseURL, r.APIKey = c.Upstream.BaseURL, c.Upstream.APIKey
	}
}

func (e *Embedder) complete(u Upstream) {
	if e.Kind == "openai" && e.BaseURL == "" && !e.APIKey.IsSet() {
		e.BaseURL, e.APIKey = u.BaseURL, u.APIKey
	}
}

// secretReader looks secrets up.
type secretReader struct {
	dir    string // what relative paths are relative to
	getenv func(string) string
}

// read returns the secret that {kind: ref} means. One that its RAGWAY_… variable will
// replace is not looked up.
func (r secretReader) read(kind, ref, key string) (string, error) {
	if r.getenv(EnvName(key)) != "" {
		return "", nil
	}
	if kind == "env" {
		value := r.getenv(ref)
		if value == "" {
			return "", fmt.Errorf("the environment variable %s is not set", ref)
		}
		return value, nil
	}
	if !filepath.IsAbs(ref) {
		ref = filepath.Join(r.dir, ref)
	}
	data, err := readSmall(ref)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("the file %s does not exist", ref)
	case err != nil:
		return "", err
	}
	value := strings.TrimRight(string(data), "\r\n")
	if value == "" {
		return "", fmt.Errorf("the file %s is empty", ref)
	}
	return value, nil
}

// maxSecret is far above any key, and keeps a path to the wrong thing from filling memory.
const maxSecret = 64 * KiB

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(maxSecret)+1))
	if err == nil && len(data) > int(maxSecret) {
		err = fmt.Errorf("the file %s is larger than %v: not a secret", path, maxSecret)
	}
	return data, err
}
