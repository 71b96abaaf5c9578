package wire

import "bytes"

// Search is what a request asks to be searched in another system's spelling. What asks for
// it is cut out of the request, and answers are in that system's shape.
type Search struct {
	Spelling    Spelling
	Collections []string // names or ids of vector stores, as the client has them
	Filters     []byte   // raw JSON, nil when absent
	MaxResults  int      // 0 when not said
	MinScore    float64  // 0 when not said
	WantResults bool     // the passages found belong into the answer
	Unscoped    bool     // the model may answer from elsewhere where nothing is found

	// What came of it, which the caller fills in before the answer.
	ID      string // SearchIDPrefix and something unique; "" where there was nothing to search for
	Failed  bool
	Queries []string
	Results []SearchResult
}

// SearchIDPrefix starts the ids of searches that are run here. Clients send a search back
// among what was said, where no model server knows it.
const SearchIDPrefix = "fs_ragway_"

// Spelling says how a search was asked for.
type Spelling string

const (
	// FileSearch is the tool {"type":"file_search"} of OpenAI.
	FileSearch Spelling = "file_search"
	// VectorStoreIDs is the member vector_store_ids of a chat, as LiteLLM's clients send it.
	VectorStoreIDs Spelling = "vector_store_ids"
	// DataSources is the member data_sources of Azure OpenAI.
	DataSources Spelling = "data_sources"
)

// MessageMember is a member that an answer's messages get, as another system's answers
// have it.
type MessageMember struct {
	Name  string
	Value []byte // JSON
	First bool   // in a stream it comes with the first delta; else with the last
}

// SearchResult is one passage found.
type SearchResult struct {
	FileID     string
	Filename   string
	ChunkID    string
	Title      string
	URL        string
	Text       string
	Score      float64
	Attributes []byte // JSON
}

// Done reports whether the search has been run, so that the answer tells of it.
func (s *Search) Done() bool { return s != nil && s.ID != "" }

// LeaveSearch leaves what asks for a search in the request, for the model server to run.
func (r *Request) LeaveSearch() {
	if r.Search == nil {
		return
	}
	r.Search, r.tools, r.include = nil, nil, nil
	control, given := r.named[controlKey]
	for i := range r.members {
		r.members[i].cut = given && i == control
	}
}

// readTools reads the array of tools, of which file_search is run here.
func (r *Request) readTools(w *walker) {
	r.note("tools")
	w.array(func(int) {
		if w.kind() != '{' {
			span := w.value()
			r.tools = append(r.tools, member{start: span.Start, end: span.End})
			return
		}
		s := &Search{Spelling: FileSearch}
		isSearch := false
		o, _ := w.object(func(name []byte) {
			if string(name) == "type" {
				kind, _, _ := w.known("function", "file_search", "web_search")
				isSearch = kind == "file_search"
				return
			}
			s.member(w, name)
		})
		r.tools = append(r.tools, member{start: o.open - 1, end: o.end, cut: isSearch})
		if isSearch {
			r.merge(w, s)
		}
	})
}

// merge adds a search to one that was asked for already. There is one filter for all that
// is searched: with one of several, more would be shown than was asked for.
func (r *Request) merge(w *walker, s *Search) {
	if r.Search == nil {
		r.Search = s
		return
	}
	if !bytes.Equal(r.Search.Filters, s.Filters) {
		w.shape("tools.filters", "must be the same in every search")
	}
	r.Search.Collections = append(r.Search.Collections, s.Collections...)
}

// member reads one member of a file_search tool.
func (s *Search) member(w *walker, name []byte) {
	switch string(name) {
	case "vector_store_ids":
		s.Collections = w.strings("tools.vector_store_ids")
	case "filters":
		null := w.kind() == 'n'
		if span := w.value(); !null && w.err == nil {
			s.Filters = w.raw(span)
		}
	case "max_num_results":
		s.MaxResults = readCount(w)
	case "ranking_options":
		w.object(func(name []byte) {
			if string(name) == "score_threshold" {
				s.MinScore, _ = w.number()
			} else {
				w.value()
			}
		})
	default:
		w.value()
	}
}

// strings reads an array of strings, which may be null.
func (w *walker) strings(param string) []string {
	var out []string
	null := w.kind() == 'n'
	_, _, ok := w.array(func(int) {
		s, _, isString := w.str()
		if !isString {
			w.shape(param, "must be an array of strings")
		}
		out = append(out, s)
	})
	if !ok && !null {
		w.shape(param, "must be an array of strings")
	}
	return out
}

// cutSearch removes the members that make no sense once the tools that were run here are
// gone.
func (r *Request) cutSearch() {
	if r.Search == nil {
		r.include = nil // it is all for the model server
		return
	}
	for _, m := range r.include {
		r.Search.WantResults = r.Search.WantResults || m.cut
	}
	gone := r.tools.allCut()
	if i, ok := r.named["tools"]; ok && gone {
		r.members[i].cut = true
	}
	for _, name := range []string{string(VectorStoreIDs), string(DataSources)} {
		if i, ok := r.named[name]; ok {
			r.members[i].cut = true
		}
	}
	for _, name := range []string{"tool_choice", "parallel_tool_calls"} {
		if i, ok := r.named[name]; ok && (gone || r.names(i, string(FileSearch))) {
			r.members[i].cut = true
		}
	}
	if i, ok := r.named["include"]; ok && r.include.allCut() {
		r.members[i].cut = true
	}
}

// names reports whether a member has this word as a string in it.
func (r *Request) names(i int, word string) bool {
	m := r.members[i]
	return bytes.Contains(r.body[m.start:m.end], []byte(`"`+word+`"`))
}

// readVectorStores reads vector_store_ids, which may be null or empty.
func (r *Request) readVectorStores(w *walker) {
	r.note(string(VectorStoreIDs))
	if ids := w.strings(string(VectorStoreIDs)); len(ids) > 0 {
		r.merge(w, &Search{Spelling: VectorStoreIDs, Collections: ids})
	}
}

// readDataSources reads Azure's list of what to search. Of each it takes the name of the
// index and how much is wanted: addresses and keys are for Azure alone. A filter in Azure's
// own language is refused, for an answer without it would show more than was asked for.
func (r *Request) readDataSources(w *walker) {
	r.note(string(DataSources))
	w.array(func(int) {
		s := &Search{Spelling: DataSources}
		w.object(func(name []byte) {
			if string(name) != "parameters" {
				w.value()
				return
			}
			w.object(func(name []byte) { s.parameter(w, name) })
		})
		r.merge(w, s)
	})
}

// parameter reads one of a data source's parameters.
func (s *Search) parameter(w *walker, name []byte) {
	switch string(name) {
	case "index_name":
		if index, _, ok := w.str(); ok {
			s.Collections = append(s.Collections, index)
		}
	case "top_n_documents":
		s.MaxResults = readCount(w)
	case "in_scope":
		inScope, ok := w.boolean()
		s.Unscoped = ok && !inScope
	case "filter":
		if w.filled() {
			w.shape("data_sources.parameters.filter", "is not understood here: use rag.filter")
		}
	default:
		w.value()
	}
}
