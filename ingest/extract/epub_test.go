package extract_test

import (
	"maps"
	"strings"
	"testing"

	"ragway/ingest"
	"ragway/ingest/extract"
)

// epub packs a package document and the part a.xhtml with what else there is.
func epub(t testing.TB, opf, chapter string, more map[string]string) string {
	parts := map[string]string{
		"META-INF/container.xml": `<container><rootfiles><rootfile full-path="gone.opf"/><rootfile full-path="in/book.opf"/></rootfiles></container>`,
		"in/book.opf":            opf,
		"in/a.xhtml":             chapter,
	}
	maps.Copy(parts, more)
	return packed(t, parts)
}

const twoChapters = `<package xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>Knots</dc:title><dc:title>A subtitle</dc:title><dc:creator>Ann</dc:creator><dc:creator>Bob</dc:creator><dc:language>en</dc:language></metadata>
<manifest><item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/><item id="b" href="../the%20end.xhtml#x" media-type="application/xhtml+xml"/>
<item id="gone" href="gone.xhtml" media-type="application/xhtml+xml"/><item id="pic" href="p.svg" media-type="image/svg+xml"/></manifest>
<spine><itemref idref="n"/><itemref idref="b"/><itemref idref="gone"/><itemref idref="pic"/><itemref idref="a"/><itemref idref="b"/></spine></package>`

func TestBookIsReadInTheOrderOfItsSpine(t *testing.T) {
	data := epub(t, twoChapters, `<html><head><title/></head><body><h2>Bowline</h2><a id="p2"/><p>Does not slip.</p></body></html>`, map[string]string{
		"in/nav.xhtml":   `<html><body><nav>Contents</nav></body></html>`,
		"the end.xhtml":  "<?xml version='1.0' encoding='iso-8859-1'?><html><head><script src='x'/></head><body><p>Caf\xe9 knots.</p></body></html>",
		"in/p.svg":       `<svg><text>drawn</text></svg>`,
		"META-INF/x.xml": ``,
	})
	for _, name := range []string{"book.epub", "mislabelled.docx", "no-name"} {
		got := textOf(t, name, data)
		if want := "Café knots.\n\n## Bowline\n\nDoes not slip."; got.Text != want || got.Format != "epub" {
			t.Errorf("%s is %s: %q, want %q", name, got.Format, got.Text, want)
		}
		if got.Title != "Knots" || got.Metadata["author"] != "Ann, Bob" || got.Metadata["lang"] != "en" {
			t.Errorf("title %q, %v", got.Title, got.Metadata)
		}
	}
}

func TestLockedBooksSayThatTheyAre(t *testing.T) {
	locks := func(uri string) map[string]string {
		return map[string]string{"META-INF/encryption.xml": `<encryption><EncryptedData><CipherData><CipherReference URI="` + uri + `"/></CipherData></EncryptedData></encryption>`}
	}
	tests := map[string]struct {
		more map[string]string
		want ingest.Reason
	}{
		"fonts":    {locks("in/font.otf"), ""},
		"chapters": {locks("in/a.xhtml"), ingest.Encrypted},
		"rights":   {map[string]string{"META-INF/rights.xml": "<rights/>"}, ingest.Encrypted},
		"broken":   {map[string]string{"META-INF/encryption.xml": "<encryption><a"}, ingest.Corrupt},
	}
	r := newRegistry(t, extract.Options{})
	for name, tt := range tests {
		data := epub(t, twoChapters, "<p>text</p>", tt.more)
		_, err := r.Extract(t.Context(), ingest.Input{Name: "a.epub", Data: []byte(data)})
		if got := ingest.ReasonOf(err); err != nil && got != tt.want || err == nil && tt.want != "" {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestBookOverItsBoundsIsRefused(t *testing.T) {
	r := newRegistry(t, extract.Options{MaxPart: 1000})
	data := epub(t, twoChapters, "<p>"+strings.Repeat("a", 10_000)+"</p>", nil)
	_, err := r.Extract(t.Context(), ingest.Input{Name: "a.epub", Data: []byte(data)})
	if got := ingest.ReasonOf(err); got != ingest.TooLarge {
		t.Errorf("%v, want too_large", err)
	}
}
