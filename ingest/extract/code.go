package extract

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"

	"ragway/ingest"
)

// readCode takes source as it stands, a block for each definition at its outermost level
// with the comments above it. A block's first line of code goes with those of its chunks
// that do not hold it: it says of what they are the inside.
func readCode(_ context.Context, d *document) error {
	text := strings.Trim(cleanCode(d.decoded()), "\n")
	cuts := goDefinitions(d.ext, text)
	if cuts == nil {
		cuts = definitions(text)
	}
	start := 0
	for _, cut := range append(cuts, len(text)) {
		if part := strings.TrimRight(text[start:cut], "\n "); part != "" {
			d.w.block(ingest.Block{Kind: ingest.Code, Header: signature(part)}, part)
		}
		start = cut
	}
	return nil
}

// definitions are where a line that is not indented follows an empty one, which is about
// a declaration in every language that people indent.
func definitions(text string) []int {
	var cuts []int
	for i := 0; i+2 < len(text); i++ {
		if text[i] != '\n' || text[i+1] != '\n' {
			continue
		}
		if next := text[i+2]; next != ' ' && next != '\t' && next != '\n' && next != '}' && next != ')' {
			cuts = append(cuts, i+2)
		}
	}
	return cuts
}

// goDefinitions asks the parser, which is not misled by empty lines in a literal; nil for
// other languages and for what does not parse.
func goDefinitions(ext, text string) []int {
	if ext != ".go" {
		return nil
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	cuts := []int{}
	for _, decl := range file.Decls {
		begin := decl.Pos()
		if doc := docOf(decl); doc != nil {
			begin = doc.Pos()
		}
		if at := lineStart(text, files.Position(begin).Offset); at > 0 {
			cuts = append(cuts, at)
		}
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

func docOf(decl ast.Decl) *ast.CommentGroup {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		return d.Doc
	case *ast.GenDecl:
		return d.Doc
	}
	return nil
}

func lineStart(text string, at int) int { return strings.LastIndexByte(text[:at], '\n') + 1 }

// maxSignature bounds the line that goes with a definition's chunks.
const maxSignature = 200

// signature is the first line of a definition that is neither a comment nor put before it.
func signature(code string) string {
	comment := false
	for l := range strings.Lines(code) {
		text := strings.TrimSpace(l)
		switch {
		case comment:
			comment = !strings.HasSuffix(text, "*/")
		case strings.HasPrefix(text, "/*"):
			comment = !strings.HasSuffix(text, "*/")
		case text == "", strings.HasPrefix(text, "//"), strings.HasPrefix(text, "#"), strings.HasPrefix(text, "--"), strings.HasPrefix(text, "@"), strings.HasPrefix(text, ";"):
		default:
			return text[:min(len(text), runeBoundary(text, maxSignature))]
		}
	}
	return ""
}

// runeBoundary is the last place up to n at which s can be cut.
func runeBoundary(s string, n int) int {
	if n >= len(s) {
		return len(s)
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return n
}
