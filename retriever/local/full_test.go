package local

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

// A full disk must not be taken for a bad document, nor lose what was acknowledged.
func TestFullDiskIsUnavailableAndHarmless(t *testing.T) {
	s := openShop(t, t.TempDir(), Options{})
	s.put(0, 6, "word")
	if _, err := s.db.write.Exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, s.pages()+2)); err != nil {
		t.Fatal(err)
	}
	big := retriever.Upsert{Document: retriever.Document{Collection: "docs", Tenant: "t", URI: "big"}, Chunks: []retriever.Chunk{{Text: strings.Repeat("word filler ", 10_000)}}}
	big.Seal()
	if n, err := s.Put(t.Context(), "docs", []retriever.Upsert{big}); n != 0 || !errors.Is(err, retriever.ErrUnavailable) {
		t.Errorf("stored %d, %v; want ErrUnavailable", n, err)
	}
	if diff := cmp.Diff(texts("word", upTo(6)...), s.found("word")); diff != "" {
		t.Error(diff)
	}
	if _, err := s.db.write.Exec(`PRAGMA max_page_count = 1000000`); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Put(t.Context(), "docs", []retriever.Upsert{big}); n != 1 || err != nil {
		t.Errorf("with room again: stored %d, %v", n, err)
	}
}

func (s *shop) pages() (n int) {
	s.Helper()
	if err := s.db.write.QueryRow(`PRAGMA page_count`).Scan(&n); err != nil {
		s.Fatal(err)
	}
	return n
}
