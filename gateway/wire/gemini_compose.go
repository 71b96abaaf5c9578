package wire

import "strconv"

// AppendCompletion implements Protocol.
func (p gemini) AppendCompletion(dst []byte, r *Request, c Completion) []byte {
	if !r.Stream {
		return p.appendPiece(dst, c, c.Texts, true)
	}
	open, next, end := "data: ", "\r\n\r\ndata: ", "\r\n\r\n"
	if r.Array {
		open, next, end = "[", ",\r\n", "]"
	}
	dst = append(dst, open...)
	for i, text := range c.Texts {
		for _, group := range wordGroups(text) {
			dst = append(p.appendPiece(dst, c, pieceOf(i, group), false), next...)
		}
	}
	return append(p.appendPiece(dst, c, make([]string, len(c.Texts)), true), end...)
}

// pieceOf are the texts of a piece in which only candidate i says something.
func pieceOf(i int, text string) []string {
	texts := make([]string, i+1)
	texts[i] = text
	return texts
}

// appendPiece writes a response with the candidates that say something, or with all of
// them and their end.
func (gemini) appendPiece(dst []byte, c Completion, texts []string, last bool) []byte {
	dst = append(dst, `{"candidates":[`...)
	open := len(dst)
	for i, text := range texts {
		if text == "" && !last {
			continue
		}
		if len(dst) > open {
			dst = append(dst, ',')
		}
		dst = AppendString(append(dst, `{"content":{"parts":[{"text":`...), text)
		dst = append(dst, `}],"role":"model"}`...)
		if last {
			dst = append(dst, `,"finishReason":"STOP"`...)
		}
		dst = append(strconv.AppendInt(append(dst, `,"index":`...), int64(i), 10), '}')
	}
	u := c.usage()
	dst = strconv.AppendInt(append(dst, `],"usageMetadata":{"promptTokenCount":`...), int64(u.PromptTokens), 10)
	if last {
		dst = strconv.AppendInt(append(dst, `,"candidatesTokenCount":`...), int64(u.CompletionTokens), 10)
		dst = strconv.AppendInt(append(dst, `,"totalTokenCount":`...), int64(u.TotalTokens), 10)
	}
	dst = AppendString(append(dst, `},"modelVersion":`...), c.Model)
	return append(AppendString(append(dst, `,"responseId":`...), c.ID), '}')
}
