package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"mime"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"ragway/ingest"
)

// A format is a row of the table.
type format struct {
	name string
	mime string
	also []string // further media types under which servers send it
	exts []string
	read func(context.Context, *document) error
	// revision grows whenever the same bytes would give another text.
	revision int
	// binary formats are known by their content: a file of that name without it is damaged.
	binary bool
	// part is how the name of an entry begins in every package of this format and in no
	// other, for packages that do not say their type.
	part  string
	holds ingest.Holding // of a container; see listing
	// ready, if set, waits for what reading needs: that is not the document's time.
	ready func(context.Context, *Registry) error
}

var formats = []*format{
	{name: "pdf", mime: "application/pdf", exts: []string{".pdf"}, binary: true, read: readPDF, revision: 1,
		ready: func(ctx context.Context, r *Registry) error { return r.pdf.warm(ctx) }},
	{name: "docx", mime: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		exts: []string{".docx", ".docm", ".dotx", ".dotm"}, binary: true, part: "word/", read: readDOCX},
	{name: "pptx", mime: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
		exts: []string{".pptx", ".pptm", ".ppsx", ".potx"}, binary: true, part: "ppt/", read: readPPTX},
	{name: "xlsx", mime: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		exts: []string{".xlsx", ".xlsm", ".xltx"}, binary: true, part: "xl/", read: readXLSX},
	{name: "odt", mime: "application/vnd.oasis.opendocument.text", also: []string{"application/vnd.oasis.opendocument.text-template"},
		exts: []string{".odt", ".ott"}, binary: true, read: readODF},
	{name: "ods", mime: "application/vnd.oasis.opendocument.spreadsheet", exts: []string{".ods", ".ots"}, binary: true, read: readODF},
	{name: "odp", mime: "application/vnd.oasis.opendocument.presentation", exts: []string{".odp", ".otp"}, binary: true, read: readODF},
	{name: "rtf", mime: "application/rtf", also: []string{"text/rtf"}, exts: []string{".rtf"}, read: readRTF},
	{name: "epub", mime: "application/epub+zip", exts: []string{".epub"}, binary: true, part: "META-INF/container.xml", read: readEPUB},
	{name: "html", mime: "text/html", also: []string{"application/xhtml+xml"},
		exts: []string{".html", ".htm", ".xhtml"}, read: readHTML},
	{name: "xml", mime: "application/xml", also: []string{"text/xml", "application/atom+xml", "application/rss+xml", "application/jats+xml"},
		exts: []string{".xml", ".nxml", ".atom", ".rss", ".dita", ".docbook", ".dbk"}, read: readXML},
	{name: "markdown", mime: "text/markdown", also: []string{"text/x-markdown"},
		exts: []string{".md", ".markdown", ".mdx", ".mkd", ".qmd", ".rmd"}, read: readMarkdown},
	{name: "rst", mime: "text/x-rst", also: []string{"text/prs.fallenstein.rst"}, exts: []string{".rst", ".rest"}, read: readRST},
	{name: "asciidoc", mime: "text/asciidoc", also: []string{"text/x-asciidoc"}, exts: []string{".adoc", ".asciidoc"}, read: readAsciiDoc},
	{name: "csv", mime: "text/csv", exts: []string{".csv"}, read: readCSV},
	{name: "tsv", mime: "text/tab-separated-values", exts: []string{".tsv", ".tab"}, read: readCSV},
	{name: "json", mime: "application/json", exts: []string{".json", ".geojson"}, read: readJSON},
	{name: "jsonl", mime: "application/jsonl", also: []string{"application/x-ndjson", "application/x-jsonlines"},
		exts: []string{".jsonl", ".ndjson"}, read: readJSONL},
	{name: "notebook", mime: "application/x-ipynb+json", exts: []string{".ipynb"}, read: readNotebook},
	{name: "subtitles", mime: "text/vtt", also: []string{"application/x-subrip"}, exts: []string{".vtt", ".srt"}, read: readSubtitles},
	{name: "mail", mime: "message/rfc822", exts: []string{".eml", ".emlx"}, read: readMessage(openMail), holds: ingest.HoldsBoth},
	{name: "outlook", mime: "application/vnd.ms-outlook", exts: []string{".msg"}, binary: true, read: readMessage(openOutlook), holds: ingest.HoldsBoth},
	{name: "mailbox", mime: "application/mbox", exts: []string{".mbox", ".mbx"}, read: readMembers, holds: ingest.HoldsMembers},
	{name: "zip", mime: "application/zip", also: []string{"application/x-zip-compressed"}, exts: []string{".zip"}, binary: true,
		read: readMembers, holds: ingest.HoldsMembers},
	{name: "tar", mime: "application/x-tar", exts: []string{".tar"}, binary: true, read: readMembers, holds: ingest.HoldsMembers},
	{name: "compressed", mime: "application/gzip", also: []string{"application/x-gzip", "application/x-bzip2"},
		exts: []string{".gz", ".tgz", ".bz2", ".tbz2"}, binary: true, read: readMembers, holds: ingest.HoldsMembers},
	{name: "code", mime: "text/x-source", exts: codeExtensions, read: readCode, revision: 1},
	{name: "text", mime: "text/plain", exts: textExtensions, read: readText},
}

var textExtensions = []string{".txt", ".text", ".log", ".org", ".tex", ".textile", ".wiki"}

var codeExtensions = []string{
	".go", ".py", ".pyi", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".java", ".kt", ".kts", ".scala", ".groovy",
	".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".cs", ".fs", ".m", ".mm", ".swift", ".rs", ".zig", ".d",
	".rb", ".php", ".pl", ".pm", ".lua", ".r", ".jl", ".ex", ".exs", ".erl", ".hs", ".ml", ".mli", ".clj", ".lisp", ".el",
	".sh", ".bash", ".zsh", ".fish", ".ps1", ".bat", ".sql", ".proto", ".graphql", ".thrift", ".tf", ".hcl",
	".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".properties", ".css", ".scss", ".less", ".vue", ".svelte",
	".dart", ".nim", ".v", ".vhd", ".asm", ".s", ".cmake", ".gradle", ".bzl", ".nix", ".dockerfile", ".diff", ".patch",
}

var byExtension, byMIME = index(formats)

func index(list []*format) (exts, mimes map[string]*format) {
	exts, mimes = map[string]*format{}, map[string]*format{}
	for _, f := range list {
		for _, e := range f.exts {
			exts[e] = f
		}
		for _, m := range append([]string{f.mime}, f.also...) {
			mimes[m] = f
		}
	}
	return exts, mimes
}

func named(name string) *format {
	for _, f := range formats {
		if f.name == name {
			return f
		}
	}
	return nil
}

// choose finds the format of in, or says what it is that has none.
func choose(in ingest.Input) (*format, error) {
	if f, err := sniff(in); f != nil || err != nil {
		return f, err
	}
	f := byExtension[extensionOf(in.Name)]
	if f == nil && isLegacy(in.Name) && looksLikeHTML(in.Data) {
		f = named("html")
	}
	if f == nil {
		declared, _, _ := mime.ParseMediaType(in.MIME)
		f = byMIME[declared]
		if f == nil && (extensionOf(in.Name) == "" || strings.HasPrefix(declared, "text/")) {
			f = named("text")
		}
	}
	switch {
	case f == nil:
		return nil, unsupported(in)
	case f.binary && nothingElse(in.Data):
		return nil, ingest.Failf(ingest.Corrupt, "named %s, but the content is not", f.name)
	case f.binary, isBinary(in.Data):
		return nil, unsupported(in)
	case f.name == "text" && looksLikeHTML(in.Data):
		return named("html"), nil
	}
	return f, nil
}

// sniff recognises the formats whose content is unmistakable.
func sniff(in ingest.Input) (*format, error) {
	head := in.Data[:min(len(in.Data), 1024)] // readers accept a PDF whose header is within it
	switch {
	case bytes.Contains(head, []byte("%PDF-")) && !textual(in):
		return named("pdf"), nil
	case bytes.HasPrefix(head, []byte(`{\rtf`)):
		return named("rtf"), nil
	case bytes.HasPrefix(head, oleMagic) && !isOutlook(in.Data):
		return nil, oleFailure(in)
	}
	f := containerOf(head, in.Name)
	if f != nil && f.name == "zip" {
		return sniffZip(in)
	}
	return f, nil
}

// textual reports whether the name says text, where "%PDF-" may well stand in a sentence.
func textual(in ingest.Input) bool {
	f := byExtension[extensionOf(in.Name)]
	return f != nil && !f.binary && !bytes.HasPrefix(in.Data, []byte("%PDF-"))
}

func sniffZip(in ingest.Input) (*format, error) {
	z, err := openZip(bytes.NewReader(in.Data), int64(len(in.Data)), mostEntries)
	if err != nil {
		return nil, err
	}
	if f := packageFormat(z); f != nil {
		return f, nil
	}
	if f := byExtension[extensionOf(in.Name)]; f != nil && f.binary && f.holds == ingest.HoldsText && f.name != "pdf" {
		return f, nil // its reader says which part is missing
	}
	return named("zip"), nil
}

// packageFormat is the format of a package, by what it says it is or by its parts; nil
// for other archives.
func packageFormat(z *zip.Reader) *format {
	if f := byMIME[packageType(z)]; f != nil {
		return f
	}
	for _, entry := range z.File {
		for _, f := range formats {
			if f.part != "" && strings.HasPrefix(entry.Name, f.part) {
				return f
			}
		}
	}
	return nil
}

// packageType is what OpenDocument and EPUB packages say of themselves in their first
// entry, which is not compressed so that it can be read without unpacking.
func packageType(z *zip.Reader) string {
	if len(z.File) == 0 || z.File[0].Name != "mimetype" || z.File[0].UncompressedSize64 > 255 {
		return ""
	}
	r, err := z.File[0].Open()
	if err != nil {
		return ""
	}
	defer r.Close()
	kind, err := io.ReadAll(io.LimitReader(r, 255))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(kind))
}

// nothingElse reports whether data has no mark of another format: then what its name says
// is taken for the truth, and the content for damaged.
func nothingElse(data []byte) bool {
	found := mimetype.Detect(data)
	return found.Is("application/octet-stream") || found.Is("text/plain")
}

func unsupported(in ingest.Input) error {
	what := mimetype.Detect(in.Data)
	kind, _, _ := mime.ParseMediaType(what.String())
	if ext := extensionOf(in.Name); ext != "" {
		return ingest.Failf(ingest.Unsupported, "%s files (content %s) are not read", ext, kind)
	}
	return ingest.Failf(ingest.Unsupported, "%s is not read", kind)
}
