package wire

import "io"

// A Protocol is one way of talking to a model. The four are [Chat], [Responses],
// [Messages] and [Gemini]; they hold no state.
//
// What they have in common is in this package's types: a [Request] knows its conversation
// and where text goes into it, a [Reply] and the [Part]s of a [Stream] know where an
// answer's text stands and where annotations of it go.
type Protocol interface {
	// Name is short and stable: a metric label.
	Name() string
	// ParseRequest reads a request. The error is a *SyntaxError or a *ShapeError. Only
	// what the gateway acts on is checked; the rest is for the model server to judge.
	ParseRequest(body []byte) (*Request, error)
	// ParseReply reads a whole answer to q. It is false for anything else, such as an error or
	// another protocol's answer, which then has to pass as it is.
	ParseReply(q *Request, body []byte) (*Reply, bool)
	// NewStream reads and edits the stream that answers r.
	NewStream(r *Request) Stream
	// AppendCompletion writes an answer to r that no model made, as a stream if r asks
	// for one.
	AppendCompletion(dst []byte, r *Request, c Completion) []byte
	// AppendError writes an error in the protocol's own shape.
	AppendError(dst []byte, e Error) []byte

	editor
}

// editor makes a protocol's own edits to a request.
type editor interface {
	// instruct puts text in front of everything the client tells the model.
	instruct(r *Request, text string) Edit
	// reason asks for this much native reasoning, unless the client says itself how much.
	reason(r *Request, effort Effort) Edit
	// askUsage asks for usage at the end of a stream.
	askUsage(r *Request) Edit
}

// A Stream follows one streamed answer. Each event goes to Read or to Watch, in order.
type Stream interface {
	// Events cuts what the model server sends into events.
	Events(r io.Reader) EventSource
	// Read says what is in an event; nil where that is nothing the gateway acts on. The
	// Part is valid until the next call.
	Read(e Event) *Part
	// Watch is the little of Read that Whole needs, for streams that pass unread.
	Watch(e Event)
	// Whole reports whether the answer has come to its end, by what has been read.
	Whole() bool
	// Done reports whether the stream has said that nothing follows.
	Done() bool
	// Finish says what has become of the texts that p ends, and adds the rag object where
	// there is one: it appends whole events that go out before p's to dst and returns
	// edits to p's data. It is called for each Part, and once with nil where a stream ends
	// without having said so of each text.
	Finish(dst []byte, p *Part, ended []Ended, rag []byte) ([]byte, []Edit)
	// AppendError writes the error as an event. What follows it must be an aborted
	// connection: a clean end would make the answer look whole.
	AppendError(dst []byte, e Error) []byte
	// Heartbeat is what can be sent between events to keep a connection alive.
	// It may be called at any time, also while Read runs.
	Heartbeat() []byte
}

// EventSource gives the events of a stream one by one; io.EOF after the last.
type EventSource interface {
	Next() (Event, error)
}

// Part is what one event of a stream holds.
type Part struct {
	Texts    []Text // pieces of prose
	Ends     []int  // slots of the texts that are complete with this event
	Restated []Text // whole texts that came in pieces before
	Models   []Span // where the model's name stands
	Cited    []int  // places of search results that the model cites natively, from 0
	Last     bool   // the rag object goes with this event
	Done     bool   // nothing follows
	Failed   bool   // the answer failed; with Done, this is how such an answer ends
	OnlyText bool   // once its texts are empty, the event can be left out
	Dropped  bool   // it is left out; set by the caller before Finish

	Usage     Usage
	HasUsage  bool
	OnlyUsage bool // it says nothing else, and only clients that asked for it know it
}

// Ended is a text of a stream that is complete.
type Ended struct {
	Slot        int
	Text        string // that has not gone out yet: of this event, and what was held back
	Annotations []Annotation
}

// Effort is how much a model should think before it answers.
type Effort string

// The efforts that every protocol can express.
const (
	LowEffort    Effort = "low"
	MediumEffort Effort = "medium"
	HighEffort   Effort = "high"
)

// reset empties p for the next event and keeps its memory.
func (p *Part) reset() {
	*p = Part{Texts: p.Texts[:0], Ends: p.Ends[:0], Restated: p.Restated[:0], Models: p.Models[:0], Cited: p.Cited[:0]}
}

// Text is one text of an answer: of a choice, a content block, a candidate.
type Text struct {
	Slot int // which text of the answer it is or belongs to
	Text string

	owner object
	name  string // of the member of owner that holds it
	span  Span   // of its value; zero where it is not there yet

	annotated   object // what annotations become a member of
	annotations array  // the member that is there already
	protocol    annotator
	candidate   *geminiCandidate // it is of
	part        int              // which of the candidate's parts it is
}

// annotator writes the annotations of texts of one answer the way its protocol does.
type annotator interface {
	annotate(texts []Text, annotations [][]Annotation) []Edit
}

// annotateEach is for protocols in which every text has a place for its own.
func annotateEach(texts []Text, annotations [][]Annotation, one func(*Text, []Annotation) Edit) []Edit {
	var edits []Edit
	for i := range texts {
		if len(annotations[i]) > 0 && !texts[i].annotated.isZero() {
			edits = append(edits, one(&texts[i], annotations[i]))
		}
	}
	return edits
}

// SetText replaces the text.
func (t *Text) SetText(text string) Edit {
	if t.owner.isZero() {
		return Edit{}
	}
	return t.owner.put(t.name, t.span, AppendString(nil, text))
}

// Annotate adds annotations to the text, after those that are there.
func (t *Text) Annotate(annotations []Annotation) []Edit {
	if t.protocol == nil {
		return nil
	}
	return t.protocol.annotate([]Text{*t}, [][]Annotation{annotations})
}

// Completion is an answer made here rather than by a model server.
type Completion struct {
	ID               string // unique, without a protocol's prefix
	Created          int64  // Unix seconds
	Model            string
	Texts            []string // of each choice
	PromptTokens     int
	CompletionTokens int
}
