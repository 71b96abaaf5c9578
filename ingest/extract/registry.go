package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"ragway/ingest"
)

// version changes whenever the same bytes would give another text, or be taken for another
// format, whatever they are: all documents are then ingested again. What changes one format
// changes its revision.
const version = 2

// Options bound what a document may cost.
type Options struct {
	MaxBytes     int           // of input; 256 MB when 0: larger books and reports are not seen, dumps are
	MaxRunes     int           // of output; 32 Mi when 0: forty times War and Peace, and a bound on memory
	MaxPart      int           // bytes of one part of a package once inflated; 64 MB when 0
	MaxParts     int           // entries of a package; 10,000 when 0
	MaxNesting   int           // containers in containers; 8 when 0: an archive in a mail in a mailbox is 3
	MaxMembers   int           // documents in a container at all levels; 200,000 when 0: a large mailbox
	MaxContainer int64         // bytes of a container; 16 GB when 0: a mailbox of many years
	MaxUnpacked  int64         // bytes a container unpacks to at all levels; 1 GB when 0, or 100 times its own size
	External     []External    // readers of what is not read here, or not well
	TempDir      string        // of containers that are unpacked; "": the system's
	MaxDepth     int           // nesting of elements or values; 1,000 when 0: real ones stay under 100
	Timeout      time.Duration // for one document; 60 s when 0
	PDFEngines   int           // PDFs read at a time, 64 MB each; 2 when 0
	CacheDir     string        // where the compiled PDF engine is kept (2 s of work); in memory only when ""
}

func (o *Options) applyDefaults() {
	setDefault(&o.MaxBytes, 256<<20)
	setDefault(&o.MaxRunes, 32<<20)
	setDefault(&o.MaxPart, 64<<20)
	setDefault(&o.MaxParts, 10_000)
	setDefault(&o.MaxDepth, 1_000)
	o.External = slices.Clone(o.External)
	for i := range o.External {
		setDefault(&o.External[i].Timeout, time.Minute)
		setDefault(&o.External[i].Output, "text")
	}
	setDefault(&o.MaxNesting, 8)
	setDefault(&o.MaxMembers, 200_000)
	setDefault(&o.MaxContainer, 16<<30)
	setDefault(&o.MaxUnpacked, 1<<30)
	setDefault(&o.Timeout, time.Minute)
	setDefault(&o.PDFEngines, 2)
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

func (o *Options) validate() error {
	if min(o.MaxBytes, o.MaxRunes, o.MaxPart, o.MaxParts, o.MaxDepth, o.MaxNesting, o.MaxMembers, o.PDFEngines) < 0 || min(o.MaxContainer, o.MaxUnpacked) < 0 || o.Timeout < 0 {
		return errors.New("extract: a bound is negative")
	}
	for i := range o.External {
		if err := o.External[i].validate(); err != nil {
			return fmt.Errorf("extract: %w", err)
		}
	}
	return nil
}

// A Registry extracts every format of its table. It is safe for concurrent use.
type Registry struct {
	o     Options
	pdf   *pdfEngines
	files *backings
}

var _ ingest.Extractor = (*Registry)(nil).Extract

// New costs nothing: the PDF engine starts with the first PDF.
func New(o Options) (*Registry, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	o.applyDefaults()
	return &Registry{o: o, pdf: newPDFEngines(o), files: &backings{dir: o.TempDir}}, nil
}

// Close waits for extractions of PDFs that still run, stops the engines and removes
// temporary files. Extract and Expand must not be called afterwards.
func (r *Registry) Close() error { return errors.Join(r.pdf.close(), r.files.Close()) }

// ID names what makes the text of documents of a media type, or, for one that no format
// has, of all; it is part of Document.Pipeline.
func (r *Registry) ID(mime string) string {
	if f := byMIME[mime]; f != nil {
		return fmt.Sprintf("extract/%d.%d", version, f.revision)
	}
	sum := 0
	for _, f := range formats {
		sum += f.revision
	}
	return fmt.Sprintf("extract/%d+%d", version, sum) + externalID(r.o.External)
}

// Claims reports whether a file of this name is worth opening, by its extension.
func (r *Registry) Claims(name string) bool {
	_, ok := byExtension[extensionOf(name)]
	return ok || isLegacy(name) || r.external(name) != nil
}

func extensionOf(name string) string { return strings.ToLower(path.Ext(name)) }

// Extract returns the text of in. Content decides over extension, and extension over the
// declared type. Every error is an *ingest.Failure, or ctx's own once it is cancelled.
func (r *Registry) Extract(ctx context.Context, in ingest.Input) (ingest.Extracted, error) {
	if len(in.Data) > r.o.MaxBytes {
		return ingest.Extracted{}, ingest.Failf(ingest.TooLarge, "%d bytes, the limit is %d", len(in.Data), r.o.MaxBytes)
	}
	if len(bytes.TrimSpace(in.Data)) == 0 {
		return ingest.Extracted{}, ingest.Failf(ingest.EmptyText, "the file is empty")
	}
	other := r.external(in.Name)
	if other != nil && other.Instead {
		return r.readExternally(ctx, other, in)
	}
	out, err := r.readHere(ctx, in)
	if other != nil && err != nil && ctx.Err() == nil && needsHelp(err) {
		return r.readExternally(ctx, other, in)
	}
	return out, err
}

func (r *Registry) readHere(ctx context.Context, in ingest.Input) (ingest.Extracted, error) {
	f, err := choose(in)
	if err != nil {
		return ingest.Extracted{}, err
	}
	if f.ready != nil {
		if err := f.ready(ctx, r); err != nil {
			return ingest.Extracted{}, err
		}
	}
	timed, cancel := context.WithTimeout(ctx, r.o.Timeout)
	defer cancel()
	out, err := r.run(timed, f, in)
	switch {
	case ctx.Err() != nil:
		return ingest.Extracted{}, ctx.Err()
	case timed.Err() != nil:
		return ingest.Extracted{}, ingest.Failf(ingest.Timeout, "%s: not read within %v", f.name, r.o.Timeout)
	case err != nil:
		return ingest.Extracted{}, typed(f.name, err)
	}
	return out, nil
}

// run calls the format's reader. A panic is a bug, of ours or of a library, that one
// document brought out; the others must not suffer.
func (r *Registry) run(ctx context.Context, f *format, in ingest.Input) (out ingest.Extracted, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = ingest.Failf(ingest.Internal, "reader panicked: %v\n%s", p, debug.Stack())
		}
	}()
	w := newWriter(r.o)
	d := document{Input: in, ext: extensionOf(in.Name), o: r.o, pdf: r.pdf, w: w, extract: r.Extract, expand: r.Expand}
	if err := f.read(ctx, &d); err != nil {
		return out, err
	}
	out, err = w.finish()
	out.Format, out.MIME = f.name, f.mime
	return out, err
}

func typed(format string, err error) error {
	var f *ingest.Failure
	if errors.As(err, &f) {
		message := format + ": " + f.Message
		if format == "pdf" && f.Reason == ingest.EmptyText {
			message += ": scans need a program that reads pictures, named under ingest.extractors"
		}
		return &ingest.Failure{Reason: f.Reason, Message: message, Err: f.Err}
	}
	return ingest.Failf(ingest.Corrupt, "%s: %w", format, err)
}

// document is what a reader gets: the input, the bounds, and where its text goes.
type document struct {
	ingest.Input
	ext string
	o   Options
	pdf *pdfEngines
	w   *writer

	extract ingest.Extractor // for what is inside
	expand  ingest.Expander
}
