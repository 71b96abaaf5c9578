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

// AppendSearchResult writes a passage as Anthropic's search_result, which the model cites by
// its place among those of the request.
func AppendSearchResult(dst []byte, source, title, text string) []byte {
	dst = AppendString(append(dst, `{"type":"search_result","source":`...), source)
	dst = AppendString(append(dst, `,"title":`...), title)
	dst = AppendString(append(dst, `,"content":[{"type":"text","text":`...), text)
	return append(dst, `}],"citations":{"enabled":true}}`...)
}
