package wire

// Annotation is one citation at one place of a text.
type Annotation struct {
	// Start and End are offsets of the marker that cites, in characters (code points) of the
	// whole text it stands in; ByteStart and ByteEnd the same in bytes of UTF-8.
	Start, End         int
	ByteStart, ByteEnd int

	Source   int // the source's number, as the marker has it
	URL      string
	Title    string
	FileID   string // of the document it is from
	Filename string
	Quote    string // the passage
}
