package gateway

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ragway/gateway/wire"
	"ragway/retriever"
)

// control is what a request asks of the gateway in its "rag" member, merged with what the
// operator set.
type control struct {
	off bool // "rag": false

	collections []string // none: the operator's choice within the Scope
	documents   []string // IDs; none: of all documents
	filter      *retriever.Filter
	mode        retriever.Mode
	topK        int
	tokenBudget int
	minScore    float64
	neighbours  int
	diversity   float64
	recency     retriever.Recency
	onEmpty     OnEmpty
	onError     OnError
	profile     string // "": the operator's choice
	citations   citing
	explain     bool
	dryRun      bool

	// the members of the request that these came in, for errors about them
	collectionsIn, filterIn string

	// for searches alone
	raw        bool // the ranking before selection
	candidates int  // depth of each list; 0: the engine's
}

// citing is how the model is asked to cite.
type citing string

const (
	byMarkers citing = "markers" // numbers in brackets, in any protocol; the default
	// bySearchResults gives passages as parts that the model's API cites itself; where it has
	// none, by markers.
	bySearchResults citing = "search_result"
)

// controlKeys of a chat request and searchKeys of a search, in the order in which errors
// about them are reported.
var (
	controlKeys = []string{
		"collections", "documents", "filter", "top_k", "mode", "profile", "citations", "token_budget", "min_score", "neighbours", "diversity", "recency",
		"on_empty", "on_error", "explain", "dry_run",
	}
	searchKeys = []string{
		"collections", "documents", "filter", "mode", "token_budget", "min_score", "neighbours", "diversity", "recency", "candidates",
		"explain", "raw",
	}
)

// defaultControl is what a request gets that asks for nothing else.
func defaultControl(op Retrieval) control {
	return control{
		mode: op.Mode, topK: op.TopK, tokenBudget: op.TokenBudget, minScore: op.MinScore,
		neighbours: op.Neighbours, diversity: op.Diversity, recency: op.Recency,
		onEmpty: op.OnEmpty, onError: op.OnError,
		collectionsIn: "rag.collections", filterIn: "rag.filter",
	}
}

// parseControl reads the value of "rag", nil when there is none, over what is asked for in
// another spelling, nil when nothing is.
func parseControl(raw []byte, search *wire.Search, op Retrieval) (control, error) {
	c := defaultControl(op)
	if err := c.setSearch(search, op); err != nil {
		return c, err
	}
	switch raw = bytes.TrimSpace(raw); {
	case len(raw) == 0 || string(raw) == "null":
		c.off = op.OnlyAsked && search == nil
		return c, nil
	case string(raw) == "false":
		c.off = true
		if op.OnEmpty == Refuse {
			return c, controlError("", errMustRetrieve)
		}
		return c, nil
	case raw[0] != '{':
		return c, badControl("", "want false or an object")
	}
	return c, c.setAll(raw, controlKeys, op)
}

// setSearch takes over a search in another spelling. Who asks for one wants to hear that
// nothing was found.
func (c *control) setSearch(s *wire.Search, op Retrieval) error {
	if s == nil {
		return nil
	}
	param := string(s.Spelling)
	if !s.Unscoped {
		c.onEmpty = tighter(c.onEmpty, Instruct)
	}
	if len(s.Collections) > 0 {
		names, err := collectionNames(s.Collections)
		if err != nil {
			return badRequest(param, "%s: %v", param, err)
		}
		c.collections, c.collectionsIn = names, param
	}
	filter, err := retriever.ParseFilter([]byte(cmp.Or(string(s.Filters), "null")))
	if err != nil {
		return &failure{stage: stageDecode, param: param, err: fmt.Errorf("%s: %w", param, err)}
	}
	c.filter, c.filterIn = filter, param
	if s.MaxResults > 0 {
		c.topK = min(s.MaxResults, op.MaxTopK)
	}
	c.minScore = max(c.minScore, s.MinScore)
	return nil
}

// setAll reads the members of an object, of which it knows these.
func (c *control) setAll(raw []byte, known []string, op Retrieval) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return badControl("", "%v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(known, name) {
			return badControl(name, "unknown key; known are %s", strings.Join(known, ", "))
		}
	}
	for _, name := range known {
		value, given := members[name]
		if !given || string(value) == "null" {
			continue
		}
		if err := c.set(name, value, op); err != nil {
			return err
		}
	}
	return nil
}

// set reads one member.
func (c *control) set(name string, value json.RawMessage, op Retrieval) error {
	switch name {
	case "collections":
		return c.setCollections(value)
	case "documents":
		return c.setDocuments(value)
	case "filter":
		filter, err := retriever.ParseFilter(value)
		c.filter, c.filterIn = filter, "rag.filter"
		return controlError(name, err)
	case "top_k":
		return setBounded(&c.topK, name, value, op.MaxTopK)
	case "token_budget":
		return setBounded(&c.tokenBudget, name, value, op.MaxTokenBudget)
	case "mode":
		return setWord(&c.mode, name, value, retriever.Hybrid, retriever.Dense, retriever.Lexical, retriever.Full)
	case "profile":
		if json.Unmarshal(value, &c.profile) != nil || c.profile == "" {
			return badControl(name, "want the name of a profile")
		}
		return nil
	case "citations":
		return setWord(&c.citations, name, value, byMarkers, bySearchResults)
	case "min_score":
		return c.setMinScore(value, op)
	case "neighbours":
		return setCount(&c.neighbours, name, value, maxNeighbours)
	case "diversity":
		return setFraction(&c.diversity, name, value)
	case "recency":
		return c.setRecency(value)
	case "on_empty":
		return setTighter(&c.onEmpty, name, value, op.OnEmpty, PassThrough, Instruct, Refuse)
	case "on_error":
		return setTighter(&c.onError, name, value, op.OnError, Degrade, Fail)
	case "candidates":
		return setBounded(&c.candidates, name, value, maxSearchResults)
	case "raw":
		return setBool(&c.raw, name, value)
	case "explain":
		return setBool(&c.explain, name, value)
	case "dry_run":
		return setBool(&c.dryRun, name, value)
	}
	return nil
}

// setMinScore may lower the gate, except where it decides what the model is asked at all.
func (c *control) setMinScore(value json.RawMessage, op Retrieval) error {
	if err := setFraction(&c.minScore, "min_score", value); err != nil {
		return err
	}
	if op.OnEmpty == Refuse && c.minScore < op.MinScore {
		return badControl("min_score", "a request may only tighten this; the server's setting is %v", op.MinScore)
	}
	return nil
}

// maxCollections bounds the searches one request can start.
const maxCollections = 64

func (c *control) setCollections(value json.RawMessage) error {
	if json.Unmarshal(value, &c.collections) != nil || len(c.collections) == 0 || len(c.collections) > maxCollections {
		return badControl("collections", "want an array of 1 to %d names", maxCollections)
	}
	names, err := collectionNames(c.collections)
	if err != nil {
		return badControl("collections", "%v", err)
	}
	c.collections, c.collectionsIn = names, "rag.collections"
	return nil
}

// collectionNames are the names of collections that may be given as ids of vector stores.
func collectionNames(ids []string) ([]string, error) {
	if len(ids) > maxCollections {
		return nil, fmt.Errorf("want at most %d", maxCollections)
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = strings.TrimPrefix(id, retriever.VectorStorePrefix)
		if err := retriever.CheckCollectionName(names[i]); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// maxDocuments bounds the list that a search is restricted to.
const maxDocuments = 1000

func (c *control) setDocuments(value json.RawMessage) error {
	if json.Unmarshal(value, &c.documents) != nil || len(c.documents) == 0 || len(c.documents) > maxDocuments {
		return badControl("documents", "want an array of 1 to %d document ids", maxDocuments)
	}
	return nil
}

// maxNeighbours keeps a widened passage one that can be cited.
const maxNeighbours = 5

const day = 24 * time.Hour

func (c *control) setRecency(value json.RawMessage) error {
	asked := struct {
		Field    string  `json:"field"`
		HalfLife float64 `json:"half_life_days"`
		Weight   float64 `json:"weight"`
	}{c.recency.Field, c.recency.HalfLife.Hours() / 24, c.recency.Weight}
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.DisallowUnknownFields()
	if dec.Decode(&asked) != nil || asked.HalfLife < 0 || asked.HalfLife > 100_000 || asked.Weight < 0 || asked.Weight > 1 {
		return badControl("recency", "want {half_life_days: from 0 to 100000, weight: from 0 to 1, field: the name of a date field}")
	}
	c.recency = retriever.Recency{Field: asked.Field, HalfLife: time.Duration(asked.HalfLife * float64(day)), Weight: asked.Weight}
	return nil
}

func setFraction(v *float64, name string, value json.RawMessage) error {
	if json.Unmarshal(value, v) != nil || *v < 0 || *v > 1 {
		return badControl(name, "want a number from 0 to 1")
	}
	return nil
}

func setCount(v *int, name string, value json.RawMessage, most int) error {
	if json.Unmarshal(value, v) != nil || *v < 0 || *v > most {
		return badControl(name, "want a whole number from 0 to %d", most)
	}
	return nil
}

func setBounded(v *int, name string, value json.RawMessage, most int) error {
	if json.Unmarshal(value, v) != nil || *v < 1 || *v > most {
		return badControl(name, "want a whole number from 1 to %d", most)
	}
	return nil
}

func setBool(v *bool, name string, value json.RawMessage) error {
	if json.Unmarshal(value, v) != nil {
		return badControl(name, "want true or false")
	}
	return nil
}

func setWord[T ~string](v *T, name string, value json.RawMessage, words ...T) error {
	var word T
	if json.Unmarshal(value, &word) != nil || !slices.Contains(words, word) {
		return badControl(name, "want one of %s", joined(words))
	}
	*v = word
	return nil
}

// setTighter is setWord for a policy that the operator has set: words go from loose to
// tight, and a request may only tighten.
func setTighter[T ~string](v *T, name string, value json.RawMessage, operator T, words ...T) error {
	if err := setWord(v, name, value, words...); err != nil {
		return err
	}
	if slices.Index(words, *v) < slices.Index(words, operator) {
		return badControl(name, "a request may only tighten this; the server's setting is %q", string(operator))
	}
	return nil
}

func joined[T ~string](words []T) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}

// controlError names the member at fault.
func controlError(name string, err error) error {
	if err == nil {
		return nil
	}
	param := "rag"
	if name != "" {
		param += "." + name
	}
	return &failure{stage: stageDecode, param: param, err: fmt.Errorf("%s: %w", param, err)}
}

func badControl(name, format string, args ...any) error {
	return controlError(name, fmt.Errorf("%w: %s", errControl, fmt.Sprintf(format, args...)))
}
