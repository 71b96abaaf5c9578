package wire

import "strconv"

// AppendCompletion implements Protocol. There is one answer to a request.
func (p responses) AppendCompletion(dst []byte, r *Request, c Completion) []byte {
	text := ""
	if len(c.Texts) > 0 {
		text = c.Texts[0]
	}
	message := responseMessage{id: "msg_" + c.ID, text: text}
	if r.Stream {
		return p.appendEvents(dst, c, message)
	}
	return p.appendResponse(dst, c, "completed", message.append(nil, "completed"))
}

// appendResponse writes a response with this output.
func (responses) appendResponse(dst []byte, c Completion, status string, output []byte) []byte {
	dst = AppendString(append(dst, `{"id":`...), "resp_"+c.ID)
	dst = strconv.AppendInt(append(dst, `,"object":"response","created_at":`...), c.Created, 10)
	dst = AppendString(append(dst, `,"status":`...), status)
	dst = AppendString(append(dst, `,"error":null,"incomplete_details":null,"instructions":null,"metadata":{},"model":`...), c.Model)
	dst = append(append(append(dst, `,"output":[`...), output...), `],"parallel_tool_calls":true,"temperature":null,"tool_choice":"auto","tools":[],"top_p":null,"usage":`...)
	if status != "completed" {
		return append(dst, "null}"...)
	}
	u := c.usage()
	dst = strconv.AppendInt(append(dst, `{"input_tokens":`...), int64(u.PromptTokens), 10)
	dst = strconv.AppendInt(append(dst, `,"input_tokens_details":{"cached_tokens":0},"output_tokens":`...), int64(u.CompletionTokens), 10)
	dst = strconv.AppendInt(append(dst, `,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":`...), int64(u.TotalTokens), 10)
	return append(dst, "}}"...)
}

// responseMessage is a message of one text.
type responseMessage struct{ id, text string }

func (m responseMessage) append(dst []byte, status string) []byte {
	dst = AppendString(append(dst, `{"type":"message","id":`...), m.id)
	dst = AppendString(append(dst, `,"status":`...), status)
	dst = append(dst, `,"role":"assistant","content":[`...)
	if status == "completed" {
		dst = m.appendPart(dst, m.text)
	}
	return append(dst, "]}"...)
}

func (responseMessage) appendPart(dst []byte, text string) []byte {
	dst = AppendString(append(dst, `{"type":"output_text","text":`...), text)
	return append(dst, `,"annotations":[],"logprobs":[]}`...)
}

func (p responses) appendEvents(dst []byte, c Completion, m responseMessage) []byte {
	n := 0
	send := func(kind string, members ...[]byte) {
		dst = append(append(append(dst, "event: "...), kind...), "\ndata: {\"type\":\""...)
		dst = strconv.AppendInt(append(append(dst, kind...), `","sequence_number":`...), int64(n), 10)
		for _, member := range members {
			dst = append(append(dst, ','), member...)
		}
		dst = append(dst, "}\n\n"...)
		n++
	}
	response := func(status string, output []byte) []byte {
		return p.appendResponse([]byte(`"response":`), c, status, output)
	}
	item := func(status string) []byte { return m.append([]byte(`"output_index":0,"item":`), status) }
	place := append(AppendString([]byte(`"item_id":`), m.id), `,"output_index":0,"content_index":0`...)

	send("response.created", response("in_progress", nil))
	send("response.in_progress", response("in_progress", nil))
	send("response.output_item.added", item("in_progress"))
	send("response.content_part.added", place, m.appendPart([]byte(`"part":`), ""))
	for _, group := range wordGroups(m.text) {
		send("response.output_text.delta", place, AppendString([]byte(`"delta":`), group), []byte(`"logprobs":[]`))
	}
	send("response.output_text.done", place, AppendString([]byte(`"text":`), m.text), []byte(`"logprobs":[]`))
	send("response.content_part.done", place, m.appendPart([]byte(`"part":`), m.text))
	send("response.output_item.done", item("completed"))
	send("response.completed", response("completed", m.append(nil, "completed")))
	return dst
}
