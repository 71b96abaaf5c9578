package extract

import (
	"context"
	"strings"

	"ragway/ingest"
)

// maxMarkup is how deep blocks of markup may be in each other.
const maxMarkup = 100

// readBlocks reads the blocks of a text in lines, one after the other: block writes what
// the lines begin with, at least one of them, and returns how many that were.
func readBlocks(ctx context.Context, w *writer, lines []string, depth int, block func(lines []string, depth int) (int, error)) error {
	if most := min(w.o.MaxDepth, maxMarkup); depth > most {
		return ingest.Failf(ingest.TooDeep, "nested more than %d levels", most)
	}
	for len(lines) > 0 && !w.full {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := block(lines, depth)
		if err != nil {
			return err
		}
		lines = lines[n:]
	}
	return nil
}

func indentOf(l string) int { return len(l) - len(strings.TrimLeft(l, " ")) }

func blank(l string) bool { return strings.TrimSpace(l) == "" }
