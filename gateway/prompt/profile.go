package prompt

import "time"

// Profile says how a model is to answer: what would otherwise be trained into it. Its texts
// are the operator's and go out as they are. Where a text or a choice is empty, that of
// [DefaultProfile] takes its place.
type Profile struct {
	Name string

	Instructions string    // role and task
	Voice        string    // how the brand speaks
	Rules        []string  // what holds for every answer
	Examples     []Example // good answers, the same in every request
	Dynamic      Dynamic   // good answers that resemble the question

	Reasoning Reasoning
	Effort    Effort // of NativeReasoning

	Variables []Variable     // told to the model with each message
	Zone      *time.Location // of the date; nil: UTC

	Citations Citations
	OnEmpty   string // nothing found: passthrough, instruct or refuse; "" leaves it to the server
	Refusal   string // what is said under refuse; "" leaves it to the server

	Placement Placement
	Wording   Wording
}

// Example is a question and an answer as it should be.
type Example struct{ User, Assistant string }

// Dynamic names the collection of records from which the K most like the question become
// examples; see [ParseExample].
type Dynamic struct {
	Collection string
	K          int
}

// Reasoning says whether the model is asked to think before it answers.
type Reasoning string

const (
	NoReasoning     Reasoning = "none"
	ShownReasoning  Reasoning = "shown"  // its steps are part of the answer
	HiddenReasoning Reasoning = "hidden" // its steps come between tags, which the caller takes out
	NativeReasoning Reasoning = "native" // the caller sets the request's own field; nothing is said
)

// ThinkingTag is the element that hidden reasoning stands in.
const ThinkingTag = "thinking"

// Effort of native reasoning.
type Effort string

const (
	LowEffort    Effort = "low"
	MediumEffort Effort = "medium"
	HighEffort   Effort = "high"
)

// Variable is something about a request that the model may be told.
type Variable string

const (
	DateVariable   Variable = "date"
	LocaleVariable Variable = "locale"
	UserVariable   Variable = "user"
	TenantVariable Variable = "tenant"
	GroupsVariable Variable = "groups"
)

// Citations says how citations are shown to the client. The model is asked for numbers in
// brackets under all of them: it writes those reliably, and addresses it does not. Under
// NoCitations they are taken out again, so that it is still known which sources were used.
type Citations string

const (
	Annotations Citations = "annotations"
	Links       Citations = "links"
	Footnotes   Citations = "footnotes"
	NoCitations Citations = "none"
)

// Placement says where the stable and the volatile text go.
type Placement string

const (
	// AutoPlacement keeps the provider's prompt cache: a cache holds the longest prefix
	// that stayed the same, so what changes comes last.
	AutoPlacement   Placement = "auto"
	SystemPlacement Placement = "system" // everything at the start
	UserPlacement   Placement = "user"   // everything in the last user turn
)

// Wording is what is said about sources.
type Wording struct {
	// Grounding tells the model what sources are and how to cite. It holds nothing of a
	// single request.
	Grounding string
	// Found introduces the sources of one message, Empty says that there are none, and
	// Close parts them from the message.
	Found, Empty, Close string
}

// DefaultProfile is used when none is named. It says what sources are, and nothing else.
func DefaultProfile() Profile { return Profile{Name: "default"}.complete() }

// complete fills in what was left empty.
func (p Profile) complete() Profile {
	orDefault(&p.Reasoning, NoReasoning)
	orDefault(&p.Citations, Annotations)
	orDefault(&p.Placement, AutoPlacement)
	w := messageWording()
	if p.Placement == SystemPlacement {
		w = systemWording()
	}
	orDefault(&p.Wording.Grounding, w.Grounding)
	orDefault(&p.Wording.Found, w.Found)
	orDefault(&p.Wording.Empty, w.Empty)
	orDefault(&p.Wording.Close, w.Close)
	if p.Zone == nil {
		p.Zone = time.UTC
	}
	return p
}

func orDefault[T ~string](v *T, fallback T) {
	if *v == "" {
		*v = fallback
	}
}
