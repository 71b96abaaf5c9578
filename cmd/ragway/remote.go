package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"

	"ragway/gateway"
	"ragway/retriever"
)

// refuseWithURL refuses the flags that mean nothing to a running server: what a caller may see
// there its key says.
func (r reading) refuseWithURL(a *app) error {
	for flag, given := range map[string]bool{"--data-dir": a.DataDir != "", "--store": a.Store != "", "--tenant": r.Tenant != "", "--as": r.As != nil} {
		if given {
			return usagef("%s goes with a store of one's own, not with --url", flag)
		}
	}
	return nil
}

// remoteSearch is the body of a search request. Of what it leaves out, the server's
// configuration decides.
type remoteSearch struct {
	Query         string            `json:"query"`
	MaxNumResults int               `json:"max_num_results"`
	Filters       *retriever.Filter `json:"filters,omitempty"`
	Rag           remoteControl     `json:"rag"`
}

type remoteControl struct {
	Collections []string       `json:"collections,omitempty"`
	Documents   []string       `json:"documents,omitempty"`
	Mode        retriever.Mode `json:"mode,omitempty"`
	Candidates  int            `json:"candidates,omitempty"`
	Raw         bool           `json:"raw,omitempty"`
	Explain     bool           `json:"explain,omitempty"`
}

// remote asks a running server.
func (s asking) remote(a *app) (searcher, retriever.Query, error) {
	q := retriever.Query{Collections: s.Collection, Mode: retriever.Mode(s.Mode)}
	if q.Collections == nil {
		q.Collections = []string{retriever.DefaultCollection}
	}
	if err := s.refuseWithURL(a); err != nil {
		return nil, q, err
	}
	client, err := newClient(a, s.URL)
	return client.search, q, err
}

// search is a searcher. It takes what flags can set of a query.
func (c client) search(ctx context.Context, q retriever.Query) (gateway.SearchResult, error) {
	var page struct{ Rag *gateway.SearchResult }
	body := remoteSearch{Query: q.Text, MaxNumResults: q.K, Filters: q.Filter, Rag: remoteControl{
		Collections: q.Collections[1:], Documents: q.Documents, Mode: q.Mode, Candidates: q.Depth, Raw: q.Raw, Explain: q.Explain,
	}}
	resp, err := c.post(ctx, "/v1/vector_stores/"+url.PathEscape(retriever.VectorStorePrefix+q.Collections[0])+"/search", body)
	if err != nil {
		return gateway.SearchResult{}, fmt.Errorf("ask %s: %w", c.base, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(data, &page)
	}
	if err == nil && page.Rag == nil {
		err = errors.New("it is not a ragway server's")
	}
	if err != nil {
		return gateway.SearchResult{}, fmt.Errorf("read the answer of %s: %w", c.base, err)
	}
	return *page.Rag, nil
}
