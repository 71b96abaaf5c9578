package configs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "ragway/"

// leaves are pure functions over bytes and text: anyone may import them, and they import
// nothing of ours but one another.
var leaves = []string{"retriever/text", "retriever/eval", "gateway/wire", "gateway/prompt", "gateway/ground"}

// roots hold the vocabulary and engine of their tree, and import these roots besides leaves.
var roots = map[string][]string{
	"retriever": nil,
	"ingest":    {"retriever"},
	"gateway":   {"retriever"},
}

// soleImporters are the packages that may import a library, with what lies below them.
var soleImporters = map[string]string{
	"github.com/gin-gonic/gin":          "gateway",
	"github.com/qdrant/go-client":       "retriever/qdrant",
	"modernc.org/sqlite":                "retriever/local",
	"github.com/sashabaranov/go-openai": "retriever/openai",
	"github.com/alecthomas/kong":        "cmd/ragway",
	"github.com/modelcontextprotocol":   "gateway/mcp",
}

// judge returns why from may not import to, "" when it may. Both are paths below module.
func judge(from, to string) string {
	root, _, _ := strings.Cut(from, "/")
	switch {
	case root == "cmd":
		return ""
	case to == "configs" || strings.HasPrefix(to, "cmd/"):
		return "only cmd may import it: configuration reaches packages as plain Options"
	case root == "configs" || root == "docs":
		return "it imports nothing of ours"
	case slices.Contains(leaves, to):
		return ""
	case slices.Contains(leaves, from):
		return "a leaf imports nothing of ours but leaves"
	}
	toRoot, _, below := strings.Cut(to, "/")
	allowed, known := roots[root]
	switch {
	case !known:
		return "this folder is not in the table: leaf, root or adapter?"
	case below && from == root && toRoot == root:
		return "a root never imports its adapters; cmd wires them in"
	case below:
		return "adapters are imported by cmd alone: say what is needed as an interface of the importer"
	case from != root && to == root, slices.Contains(allowed, to):
		return ""
	}
	return fmt.Sprintf("%s may import %s and leaves", root, orNothing(allowed))
}

func orNothing(names []string) string {
	if len(names) == 0 {
		return "no other root"
	}
	return strings.Join(names, ", ")
}

// TestImportsFollowTheLayers holds the one structural rule on every package there is.
// What test files import is their own business: suites and fakes are adapters too.
func TestImportsFollowTheLayers(t *testing.T) {
	for _, p := range listPackages(t) {
		from := strings.TrimPrefix(p.ImportPath, module)
		for _, imported := range p.Imports {
			if to, ours := strings.CutPrefix(imported, module); ours {
				if why := judge(from, to); why != "" {
					t.Errorf("%s imports %s: %s", from, to, why)
				}
			}
			for library, owner := range soleImporters {
				if within(imported, library) && !within(from, owner) {
					t.Errorf("%s imports %s, which is %s's alone", from, imported, owner)
				}
			}
		}
	}
}

// within reports whether path is root or below it.
func within(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func TestTheRuleItself(t *testing.T) {
	tests := []struct {
		from, to string
		ok       bool
	}{
		{"cmd/ragway", "retriever/local", true},
		{"cmd/ragway", "configs", true},
		{"gateway", "configs", false},
		{"gateway", "retriever", true},
		{"gateway", "retriever/text", true},
		{"gateway", "ingest", false},
		{"gateway", "gateway/upstream", false},
		{"gateway", "retriever/local", false},
		{"gateway/upstream", "gateway", true},
		{"gateway/upstream", "gateway/wire", true},
		{"gateway/upstream", "retriever", true},
		{"gateway/upstream", "gateway/ui", false},
		{"gateway/wire", "gateway/prompt", true},
		{"gateway/wire", "gateway", false},
		{"ingest", "retriever", true},
		{"ingest", "retriever/local", false},
		{"ingest/extract", "ingest", true},
		{"ingest/extract", "ingest/chunk", false},
		{"retriever", "ingest", false},
		{"retriever", "gateway/wire", true},
		{"retriever/local", "retriever", true},
		{"retriever/local", "retriever/qdrant", false},
		{"retriever/local", "retriever/text", true},
		{"retriever/text", "retriever", false},
		{"configs", "retriever", false},
		{"docs", "configs", false},
		{"newcomer", "retriever", false},
	}
	for _, tt := range tests {
		if why := judge(tt.from, tt.to); (why == "") != tt.ok {
			t.Errorf("%s imports %s: got %q, want ok %v", tt.from, tt.to, why, tt.ok)
		}
	}
}

type listedPackage struct {
	ImportPath string
	Imports    []string
}

func listPackages(t *testing.T) []listedPackage {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-e", "-deps", "-json=ImportPath,Imports", "./...")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []listedPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listedPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		if strings.HasPrefix(p.ImportPath, module) {
			packages = append(packages, p)
		}
	}
	if len(packages) < 2 {
		t.Fatalf("go list names only %v", packages)
	}
	return packages
}
