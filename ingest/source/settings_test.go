package source

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/ingest"
	"ragway/retriever"
)

// told is what a source says of a document besides its bytes.
type told struct {
	Tenant   string
	Defaults ingest.Defaults
	Err      string
}

func tell(t *testing.T, s Source) map[string]told {
	t.Helper()
	out := map[string]told{}
	for it, err := range s.Items(t.Context()) {
		d := told{Tenant: it.Tenant}
		if it.Defaults != nil {
			d.Defaults = *it.Defaults
		}
		if err != nil {
			d.Err = err.Error()
		}
		out[it.URI] = d
	}
	return out
}

func TestSettingsAreInherited(t *testing.T) {
	root := tree(t, map[string]string{
		".ragway.yaml":    "tenant: acme\nlanguage: de\nmetadata: {department: all, level: 1}\n",
		"a.md":            "x",
		"hr/.ragway.yaml": "acl: [group:hr]\nmetadata: {department: hr}\nchunking: {tokens: 200, overlap: 20}\n",
		"hr/b.md":         "x",
		"hr/deep/c.md":    "x",
		"z.jsonl":         `{"id":"1","text":"x","tenant":"other"}` + "\n" + `{"id":"2","text":"x"}`,
	})
	all := ingest.Defaults{Metadata: retriever.Metadata{"department": "all", "level": float64(1), "lang": "de"}}
	hr := ingest.Defaults{
		ACL:      []string{"group:hr"},
		Metadata: retriever.Metadata{"department": "hr", "level": float64(1), "lang": "de"},
		Chunking: retriever.Chunking{Tokens: 200, Overlap: 20},
	}
	want := map[string]told{
		"docs/a.md": {"acme", all, ""}, "docs/hr/b.md": {"acme", hr, ""}, "docs/hr/deep/c.md": {"acme", hr, ""},
		"docs/z.jsonl#1": {"other", all, ""}, "docs/z.jsonl#2": {"acme", all, ""},
	}
	if diff := cmp.Diff(want, tell(t, mustOpen(t, root, Options{}))); diff != "" {
		t.Error(diff)
	}
	for _, arg := range []string{"hr", "hr/deep/c.md", "hr/**/c.md"} {
		for uri, got := range tell(t, mustOpen(t, filepath.Join(root, arg), Options{Name: "n"})) {
			if diff := cmp.Diff(told{"acme", hr, ""}, got); diff != "" {
				t.Errorf("source %s: %s: %s", arg, uri, diff)
			}
		}
	}
}

// A file that cannot be understood never opens what it may have closed.
func TestBrokenSettingsFailAllBelowThem(t *testing.T) {
	tests := map[string]struct {
		text   string
		err    string
		closed bool
	}{
		"unknown key":     {"acls: [group:hr]\n", `unknown field "acls"`, false},
		"bad principal":   {"acl: [hr]\n", `acl principal "hr", want user:NAME or group:NAME`, true},
		"empty list":      {"acl: []\n", "acl is empty", true},
		"no YAML":         {"acl: [group:hr\n", "", true},
		"nested metadata": {"metadata: {a: {b: 1}}\n", "a", false},
		"tenant is 5":     {"tenant: [5]\n", "", true},
		"large":           {"# " + strings.Repeat("x", maxSettings), "at most", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			root := tree(t, map[string]string{"open.md": "x", "hr/.ragway.yaml": tt.text, "hr/a.md": "x", "hr/in/b.md": "x"})
			got := tell(t, mustOpen(t, root, Options{}))
			if got["docs/open.md"].Err != "" {
				t.Errorf("a document beside the folder fails: %s", got["docs/open.md"].Err)
			}
			for _, uri := range []string{"docs/hr/a.md", "docs/hr/in/b.md"} {
				d := got[uri]
				if !strings.HasPrefix(d.Err, "bad_metadata: docs/hr/.ragway.yaml: ") || !strings.Contains(d.Err, tt.err) {
					t.Errorf("%s: error %q, want docs/hr/.ragway.yaml and %q in it", uri, d.Err, tt.err)
				}
				if strings.Contains(d.Err, root) {
					t.Errorf("%s: %q tells a path of this machine", uri, d.Err)
				}
				if closed := cmp.Equal(d.Defaults.ACL, []string{ingest.Nobody}); closed != tt.closed {
					t.Errorf("%s: readers %v, closed should be %v", uri, d.Defaults.ACL, tt.closed)
				}
			}
		})
	}
}
