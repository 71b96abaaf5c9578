package wire

import "strconv"

// What is put into a stream of the Responses API.

// take is the number of an event that is put in before the one being dealt with.
func (s *responseStream) take() int64 {
	n := int64(s.event.sequence) + s.shift.Load()
	s.shift.Add(1)
	return n
}

// open writes an event up to its further members.
func (s *responseStream) open(dst []byte, kind string) []byte {
	dst = append(append(append(dst, "event: "...), kind...), "\ndata: {\"type\":\""...)
	dst = append(append(dst, kind...), `","sequence_number":`...)
	return strconv.AppendInt(dst, s.take(), 10)
}

func (s *responseStream) appendSearch(dst []byte) []byte {
	search := s.request.Search
	dst = append(s.open(dst, "response.output_item.added"), `,"output_index":0,"item":`...)
	dst = append(search.appendCall(dst, "in_progress"), "}\n\n"...)
	states := []string{"in_progress", "searching", "completed"}
	if search.Failed {
		states = states[:2]
	}
	for _, state := range states {
		dst = append(s.open(dst, "response.file_search_call."+state), `,"output_index":0,"item_id":`...)
		dst = append(AppendString(dst, search.ID), "}\n\n"...)
	}
	dst = append(s.open(dst, "response.output_item.done"), `,"output_index":0,"item":`...)
	return append(search.appendCall(dst, search.outcome()), "}\n\n"...)
}

// appendEnd writes what is left of a text and its annotations.
func (s *responseStream) appendEnd(dst []byte, e Ended) []byte {
	t := s.texts[e.Slot]
	if e.Text != "" {
		dst = s.appendPlace(s.open(dst, "response.output_text.delta"), e.Slot)
		dst = AppendString(append(dst, `,"delta":`...), e.Text)
		dst = append(dst, ",\"logprobs\":[]}\n\n"...)
	}
	writer := responsesAnnotator{s.request.Search.Done()}
	for _, a := range e.Annotations {
		dst = s.appendPlace(s.open(dst, "response.output_text.annotation.added"), e.Slot)
		dst = strconv.AppendInt(append(dst, `,"annotation_index":`...), int64(t.annotations), 10)
		dst = append(writer.append(append(dst, `,"annotation":`...), a), "}\n\n"...)
		t.annotations++
	}
	return dst
}

// appendPlace writes where in the output a text is.
func (s *responseStream) appendPlace(dst []byte, slot int) []byte {
	output := itemOf(slot)
	if s.searchSent {
		output++
	}
	dst = AppendString(append(dst, `,"item_id":`...), s.texts[slot].item)
	dst = strconv.AppendInt(append(dst, `,"output_index":`...), int64(output), 10)
	return strconv.AppendInt(append(dst, `,"content_index":`...), int64(partOf(slot)), 10)
}
