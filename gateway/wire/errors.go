package wire

import "fmt"

// SyntaxError says that a body is not one JSON value with unique member names in valid
// UTF-8. Offset counts bytes from 0.
type SyntaxError struct {
	Offset  int64
	Message string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.Message, e.Offset) }

// ShapeError says that a member the gateway must understand has the wrong type. Param
// names it as OpenAI's errors do, e.g. "messages[2].role"; it is empty for the body itself.
type ShapeError struct {
	Param   string
	Message string
}

func (e *ShapeError) Error() string {
	if e.Param == "" {
		return e.Message
	}
	return e.Param + ": " + e.Message
}
