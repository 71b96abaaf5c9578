package ingest

import "encoding/json"

// An Event tells what a run does: [PlanEvent], [DocumentEvent], [ProgressEvent], [Note]
// or [Summary]; of a Move [MovePlan], [ProgressEvent], [Note] or [MoveSummary]. Each marshals to one JSON object whose "type" names it.
type Event interface{ isEvent() }

// Counts is how many documents of each fate a plan holds.
type Counts struct {
	Added     int `json:"added"`     // renamed ones included
	Renamed   int `json:"renamed"`   // added under a name, gone under another
	Changed   int `json:"changed"`   // rewritten ones included
	Rewritten int `json:"rewritten"` // changed in title, link, metadata or access list alone: not embedded again
	Deleted   int `json:"deleted"`
	Unchanged int `json:"unchanged"`
	Skipped   int `json:"skipped"`
	Failed    int `json:"failed"`
}

// PlanEvent is a plan in figures.
type PlanEvent struct {
	Collection string `json:"collection"`
	Source     string `json:"source"`
	Create     bool   `json:"create"` // the collection does not exist yet
	Counts
}

// DocumentEvent is the fate of one document.
type DocumentEvent struct {
	URI         string `json:"uri"`
	Action      Action `json:"action"`
	DocumentID  string `json:"document_id,omitempty"`
	RenamedFrom string `json:"renamed_from,omitempty"`
	Chunks      int    `json:"chunks"`
	Bytes       int64  `json:"bytes"`
	Reason      string `json:"reason,omitempty"` // of a failure a Reason; of a skip, words
	Error       string `json:"error,omitempty"`
}

// ProgressEvent counts documents that are done, of those that the plan has work for, and
// those that are through the stages before. What fails counts for the stage at which it does.
type ProgressEvent struct {
	Done     int   `json:"done"` // stored, deleted or failed
	Total    int   `json:"total"`
	Chunks   int   `json:"chunks"`
	Bytes    int64 `json:"bytes"`
	Read     int   `json:"read,omitempty"` // extracted and cut
	Embedded int   `json:"embedded,omitempty"`
}

// Note is something a person should know, e.g. what is being waited for.
type Note struct {
	Message string `json:"message"`
}

// Summary is what a run did. Bytes are source bytes of the documents stored.
type Summary struct {
	Counts
	Chunks  int     `json:"chunks"`
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
}

// Add adds another run's figures to s.
func (s *Summary) Add(o Summary) {
	s.Counts.Add(o.Counts)
	s.Chunks += o.Chunks
	s.Bytes += o.Bytes
	s.Seconds += o.Seconds
}

// Add adds another plan's figures to c.
func (c *Counts) Add(o Counts) {
	c.Added += o.Added
	c.Renamed += o.Renamed
	c.Changed += o.Changed
	c.Rewritten += o.Rewritten
	c.Deleted += o.Deleted
	c.Unchanged += o.Unchanged
	c.Skipped += o.Skipped
	c.Failed += o.Failed
}

func (PlanEvent) isEvent()     {}
func (DocumentEvent) isEvent() {}
func (ProgressEvent) isEvent() {}
func (Note) isEvent()          {}
func (Summary) isEvent()       {}

func (e PlanEvent) MarshalJSON() ([]byte, error) {
	type plain PlanEvent
	return json.Marshal(struct {
		Type string `json:"type"`
		plain
	}{"plan", plain(e)})
}

func (e DocumentEvent) MarshalJSON() ([]byte, error) {
	type plain DocumentEvent
	return json.Marshal(struct {
		Type string `json:"type"`
		plain
	}{"document", plain(e)})
}

func (e ProgressEvent) MarshalJSON() ([]byte, error) {
	type plain ProgressEvent
	return json.Marshal(struct {
		Type string `json:"type"`
		plain
	}{"progress", plain(e)})
}

func (e Note) MarshalJSON() ([]byte, error) {
	type plain Note
	return json.Marshal(struct {
		Type string `json:"type"`
		plain
	}{"note", plain(e)})
}

func (s Summary) MarshalJSON() ([]byte, error) {
	type plain Summary
	return json.Marshal(struct {
		Type string `json:"type"`
		plain
	}{"summary", plain(s)})
}
