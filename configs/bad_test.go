package configs

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// badEnv is the environment of the bad files.
var badEnv = map[string]string{
	"SHORT": "hunter2",
	"LONG":  "hunter2-hunter2-hunter2-hunter2-hunter2",
}

// loadAndValidate is what the command line does, without flags.
func loadAndValidate(file string) error {
	c, err := Load(Sources{File: file, Getenv: func(name string) string { return badEnv[name] }})
	return errors.Join(err, c.Validate())
}

// Each testdata/bad.MISTAKE.yaml has the exact message beside it in bad.MISTAKE.txt.
func TestBadFilesSayWhatIsWrong(t *testing.T) {
	for _, file := range badFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			want, err := os.ReadFile(strings.TrimSuffix(file, ".yaml") + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			got := loadAndValidate(file)
			if got == nil {
				t.Fatalf("accepted, want:\n%s", want)
			}
			if diff := cmp.Diff(strings.TrimSpace(string(want)), filepath.ToSlash(got.Error())); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			if strings.Contains(got.Error(), "hunter2") {
				t.Error("the message quotes a secret")
			}
		})
	}
}

// anyValue are the keys for which every value of their type is right.
var anyValue = map[string]bool{
	"store.qdrant.api_key": true, "store.qdrant.tls": true,
	"store.qdrant.disk_vectors": true, "store.qdrant.memory_payload": true,
	"embedder.api_key": true, "embedder.query_prefix": true, "embedder.document_prefix": true,
	"server.insecure_no_auth": true, "retrieval.fusion.reserve": true, "reranker.api_key": true,
	"rewriter.api_key": true, "rewriter.complete": true, "rewriter.hyde": true,
	"upstream.stream_usage": true, "upstream.tls_ca": true, // the file is read where it is used
	"auth.api_key_write": true, "uploads.dir": true, "profiles_dir": true,
}

func TestEveryRuleHasABadFile(t *testing.T) {
	covered := map[string]bool{}
	index := regexp.MustCompile(`\[\d+\].*`)
	for _, file := range badFiles(t) {
		var problems Problems
		if errors.As(loadAndValidate(file), &problems) {
			for _, p := range problems {
				key := index.ReplaceAllString(p.Key, "")
				if strings.HasPrefix(key, "models.") { // of a table, any of its rules
					key = "models"
				}
				covered[key] = true
			}
		}
	}
	for path, v := range walk(reflect.ValueOf(new(Config)).Elem(), "") {
		if !isSection(v.Type()) && !covered[path] && !anyValue[path] {
			t.Errorf("no testdata/bad.*.yaml has a mistake in %s", path)
		}
	}
}

func badFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/bad.*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no bad files: %v", err)
	}
	return files
}
