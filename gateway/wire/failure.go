package wire

// Error is what a failed request is answered with. Each protocol writes it in its own
// shape, with where it came from.
type Error struct {
	Status    int // of HTTP
	Message   string
	Type      string // OpenAI's
	Code      string // "" is written as null
	Param     string // "" is written as null
	Source    string // gateway or upstream
	Stage     string // "" leaves it out
	RequestID string
}

// AppendError implements Protocol: {"error":{…}}.
func (chat) AppendError(dst []byte, e Error) []byte { return appendOpenAIError(dst, e) }

func appendOpenAIError(dst []byte, e Error) []byte {
	dst = AppendString(append(dst, `{"error":{"message":`...), e.Message)
	dst = AppendString(append(dst, `,"type":`...), e.Type)
	dst = appendStringOrNull(append(dst, `,"code":`...), e.Code)
	dst = appendStringOrNull(append(dst, `,"param":`...), e.Param)
	dst = e.appendOrigin(dst)
	return append(dst, "}}"...)
}

// appendOrigin writes the two fields that say where an error came from.
func (e Error) appendOrigin(dst []byte) []byte {
	dst = AppendString(append(dst, `,"source":`...), e.Source)
	if e.Stage != "" {
		dst = AppendString(append(dst, `,"stage":`...), e.Stage)
	}
	return dst
}
