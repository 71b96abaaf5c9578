package wire

import "strconv"

// AppendCompletion implements Protocol. There is one answer to a request.
func (p messages) AppendCompletion(dst []byte, r *Request, c Completion) []byte {
	text := ""
	if len(c.Texts) > 0 {
		text = c.Texts[0]
	}
	if r.Stream {
		return p.appendEvents(dst, c, text)
	}
	dst = p.appendHead(dst, c)
	dst = AppendString(append(dst, `[{"type":"text","text":`...), text)
	dst = append(dst, `}],"stop_reason":"end_turn","stop_sequence":null`...)
	return append(p.appendUsage(dst, c.PromptTokens, c.CompletionTokens), '}')
}

// appendHead writes a message up to its content.
func (messages) appendHead(dst []byte, c Completion) []byte {
	dst = AppendString(append(dst, `{"id":`...), "msg_"+c.ID)
	dst = AppendString(append(dst, `,"type":"message","role":"assistant","model":`...), c.Model)
	return append(dst, `,"content":`...)
}

func (messages) appendUsage(dst []byte, input, output int) []byte {
	dst = strconv.AppendInt(append(dst, `,"usage":{"input_tokens":`...), int64(input), 10)
	return append(strconv.AppendInt(append(dst, `,"output_tokens":`...), int64(output), 10), '}')
}

func (p messages) appendEvents(dst []byte, c Completion, text string) []byte {
	dst = append(dst, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":"...)
	dst = append(p.appendHead(dst, c), `[],"stop_reason":null,"stop_sequence":null`...)
	dst = append(p.appendUsage(dst, c.PromptTokens, 0), "}}\n\n"...)
	dst = append(dst, "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"...)
	for _, piece := range wordGroups(text) {
		dst = AppendString(appendBlockDelta(dst, 0, `{"type":"text_delta","text":`), piece)
		dst = append(dst, "}}\n\n"...)
	}
	dst = append(dst, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"...)
	dst = append(dst, "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null}"...)
	dst = append(p.appendUsage(dst, c.PromptTokens, c.CompletionTokens), "}\n\n"...)
	return append(dst, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"...)
}
