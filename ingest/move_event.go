package ingest

import "encoding/json"

// Work is what is left to do to make one collection of another.
type Work struct {
	Write  int `json:"write"`  // documents to write
	Delete int `json:"delete"` // documents to delete from what was built so far
	There  int `json:"there"`  // documents that are there already
	Chunks int `json:"chunks"` // of the documents to write
}

// MovePlan is what a Move has before it.
type MovePlan struct {
	Collection string `json:"collection"`
	From       string `json:"from"` // the embedding spaces
	To         string `json:"to"`
	Finished   bool   `json:"finished"` // there is nothing to do
	Work
	Seconds float64 `json:"seconds,omitempty"` // at least, at the rate asked for
}

// MoveSummary is what a Move did.
type MoveSummary struct {
	Collection string  `json:"collection"`
	From       string  `json:"from"`
	To         string  `json:"to"`
	Finished   bool    `json:"finished"`  // what was built is what is served
	Documents  int     `json:"documents"` // in it
	Written    int     `json:"written"`
	Deleted    int     `json:"deleted"`
	Unchanged  int     `json:"unchanged"` // found there, from an earlier run
	Chunks     int     `json:"chunks"`    // of the documents written
	Unembedded int     `json:"unembedded"`
	Recall     float64 `json:"recall_estimate"`
	Overlap    float64 `json:"overlap,omitempty"` // of a copy: share of the first ten hits that both stores have
	Seconds    float64 `json:"seconds"`
}

func (MovePlan) isEvent()    {}
func (MoveSummary) isEvent() {}

func (p MovePlan) MarshalJSON() ([]byte, error) {
	type plain MovePlan
	return json.Marshal(struct {
		Type string `json:"type"`
		plain
	}{"plan", plain(p)})
}

func (s MoveSummary) MarshalJSON() ([]byte, error) {
	type plain MoveSummary
	return json.Marshal(struct {
		Type string `json:"type"`
		plain
	}{"summary", plain(s)})
}
