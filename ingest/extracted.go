package ingest

import (
	"context"
	"errors"
	"fmt"

	"ragway/retriever"
)

// Extracted is a document's text with its structure. Text is normalised: valid UTF-8,
// "\n" line ends, no trailing blanks on a line, at most one blank line in a row outside
// code. Blocks are in order, do not overlap, and lie inside Text; what lies between two
// blocks is white space.
type Extracted struct {
	Format   string // "markdown", "html", "pdf", "docx", "text", "csv", …
	MIME     string
	Title    string
	Metadata retriever.Metadata
	Text     string
	Blocks   []Block
	Pages    int // 0 where the format has none
	Sheets   []string
	Messages int
	Entries  int
}

// BlockKind is what a block is, as far as chunking cares.
type BlockKind string

const (
	Heading   BlockKind = "heading"
	Paragraph BlockKind = "paragraph"
	List      BlockKind = "list" // one item, with its nested items
	Table     BlockKind = "table"
	Code      BlockKind = "code"
)

// Block is one piece of structure. Start and End are rune offsets into Extracted.Text.
type Block struct {
	Kind       BlockKind
	Start, End int
	Level      int    // of a heading, from 1
	Page       int    // from 1; 0 where there are none
	Header     string // of a table, its header row (and separator) as Markdown; of code, what it defines: repeated in the Context of later chunks
}

// Input is what an Extractor reads.
type Input struct {
	Name string // base name, for its extension only
	MIME string // as declared by the source; may be empty or wrong
	Data []byte
}

// An Extractor turns bytes into text. Errors are *Failure where the reason is known.
type Extractor func(ctx context.Context, in Input) (Extracted, error)

// A Chunker cuts a text into chunks with Text, Span, Headings, Context, Page and Tokens
// set, in order. Spans cover every rune of the text that is not white space.
type Chunker func(doc Extracted, title string) ([]retriever.Chunk, error)

// Reason is why a document could not be ingested; a closed set, used as a metric label.
type Reason string

const (
	Unreadable  Reason = "unreadable"   // the source could not be read
	Unsupported Reason = "unsupported"  // no extractor for this type
	Encrypted   Reason = "encrypted"    // needs a password
	Corrupt     Reason = "corrupt"      // not what it claims to be, or damaged
	EmptyText   Reason = "empty_text"   // nothing to search in it, e.g. a scan without a text layer
	TooLarge    Reason = "too_large"    // over a bound on bytes, text or entries
	TooDeep     Reason = "too_deep"     // nested over the bound
	Timeout     Reason = "timeout"      // over its time
	BadMetadata Reason = "bad_metadata" // a field's type differs from the collection's, or the ACL cannot be read
	EmbedFailed Reason = "embed_failed" // the embedder refused or is down
	StoreFailed Reason = "store_failed" // the store refused or is down
	Internal    Reason = "internal"     // a bug: an extractor panicked
)

// Advice is what a person can do about documents that failed for this reason.
func (r Reason) Advice() string {
	switch r {
	case Unreadable:
		return "see that this user may read it, and that its server answers; it is tried again by itself"
	case Unsupported:
		return "save it in a format that is read, or name a program that reads it under ingest.extractors"
	case Encrypted:
		return "save it without its password"
	case Corrupt:
		return "open it in the program it is from and save it again; it is damaged, or not what its name says"
	case EmptyText:
		return "if it is a scan, name a program that reads pictures under ingest.extractors, else leave it out with .ragwayignore"
	case TooLarge:
		return "split it, or raise ingest.max_file_size"
	case TooDeep:
		return "take apart what is nested in it; hardly any real document is so deep"
	case Timeout:
		return "raise ingest.document_timeout, or split it"
	case BadMetadata:
		return "correct its fields or its access list; a field keeps the type of its first value"
	case EmbedFailed:
		return "see that the embedder answers and takes texts of this size; it is tried again by itself"
	case StoreFailed:
		return "see the store's own log and its disk; it is tried again by the next ingest"
	}
	return "report it, with the message: it is a mistake in ragway"
}

// Failure is a typed reason with what a person needs to act on it.
type Failure struct {
	Reason  Reason
	Message string
	Err     error // its cause, already part of Message; may be nil
}

func (f *Failure) Error() string { return fmt.Sprintf("%s: %s", f.Reason, f.Message) }

func (f *Failure) Unwrap() error { return f.Err }

// Failf makes a Failure whose message is formatted like fmt.Errorf; a %w is kept as its cause.
func Failf(reason Reason, format string, args ...any) *Failure {
	err := fmt.Errorf(format, args...)
	return &Failure{Reason: reason, Message: err.Error(), Err: errors.Unwrap(err)}
}

// ReasonOf is the reason of err, Internal when it has none of ours.
func ReasonOf(err error) Reason {
	var f *Failure
	switch {
	case errors.As(err, &f):
		return f.Reason
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, retriever.ErrBadMetadata):
		return BadMetadata
	}
	return Internal
}
