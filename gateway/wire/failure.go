package wire

// Error is OpenAI's error shape with where it came from.
type Error struct {
	Message string
	Type    string
	Code    string // "" is written as null
	Param   string // "" is written as null
	Source  string // gateway or upstream
	Stage   string // "" leaves it out
}

// AppendError appends {"error":{…}}.
func AppendError(dst []byte, e Error) []byte {
	dst = AppendString(append(dst, `{"error":{"message":`...), e.Message)
	dst = AppendString(append(dst, `,"type":`...), e.Type)
	dst = appendStringOrNull(append(dst, `,"code":`...), e.Code)
	dst = appendStringOrNull(append(dst, `,"param":`...), e.Param)
	dst = AppendString(append(dst, `,"source":`...), e.Source)
	if e.Stage != "" {
		dst = AppendString(append(dst, `,"stage":`...), e.Stage)
	}
	return append(dst, "}}"...)
}

// AppendErrorEvent appends the error as an event named error. What follows it must be an
// aborted connection: a clean end would make the answer look whole.
func AppendErrorEvent(dst []byte, e Error) []byte {
	return append(AppendError(append(dst, "event: error\ndata: "...), e), "\n\n"...)
}
