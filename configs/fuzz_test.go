package configs

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// FuzzLoad holds that no file makes Load panic or quote a literal secret, and that what
// it accepts prints and loads again.
func FuzzLoad(f *testing.F) {
	f.Add(string(Reference))
	for _, seed := range []string{"a: &a [*a]", "data_dir: *x", "<<: {a: 1}", "? {a: b}\n: c", "auth: {keys: [{}, null]}", "!!map {}"} {
		f.Add(seed)
	}
	files, _ := os.ReadDir("testdata")
	for _, file := range files {
		if data, err := os.ReadFile("testdata/" + file.Name()); err == nil && strings.HasSuffix(file.Name(), ".yaml") {
			f.Add(string(data))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, planted) {
			t.Skip("may put the planted word where it is no secret")
		}
		c, err := Load(Sources{Data: []byte("upstream: {api_key: " + planted + "}\n" + text)})
		if err == nil {
			t.Fatal("a literal secret was accepted")
		}
		if strings.Contains(err.Error(), planted) {
			t.Fatalf("the message quotes a secret: %v", err)
		}
		var problems Problems
		if !errors.As(err, &problems) {
			t.Fatalf("not Problems: %v", err)
		}
		_ = c.Validate()
		if _, err := Load(Sources{Data: []byte(text)}); err != nil && err.Error() == "" {
			t.Fatal("an error without a message")
		}
	})
}
