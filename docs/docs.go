// Package docs is ragway's user manual, embedded so that it can be read, and searched,
// wherever the binary runs.
package docs

import "embed"

// FS has one Markdown file a page, at the root; index.md is the first to read.
//
//go:embed *.md
var FS embed.FS
