package gateway

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
)

// pageRequest is a place in a list, as OpenAI's clients ask for it: what follows the item
// called after, or comes before the one called before, newest first unless asc.
type pageRequest struct {
	limit         int
	after, before string
	ascending     bool
}

const (
	defaultPage = 20
	maxPage     = 100
)

// decodePage reads a request for a page of usual items, or of at most most.
func decodePage(c *gin.Context, usual, most int) (pageRequest, error) {
	p := pageRequest{limit: usual, after: c.Query("after"), before: c.Query("before")}
	if n := c.Query("limit"); n != "" {
		limit, err := strconv.Atoi(n)
		if err != nil || limit < 1 || limit > most {
			return p, badRequest("limit", "want 1 to %d", most)
		}
		p.limit = limit
	}
	switch order := c.DefaultQuery("order", "desc"); order {
	case "asc", "desc":
		p.ascending = order == "asc"
	default:
		return p, badRequest("order", "want asc or desc")
	}
	if p.after != "" && p.before != "" {
		return p, badRequest("before", "want one of after and before")
	}
	return p, nil
}

// place is where an item stands in a list.
type place struct {
	created int64 // seconds: what the client sees
	id      string
}

func placeOf(created time.Time, id string) place { return place{created.Unix(), id} }

func (p pageRequest) compare(a, b place) int {
	order := cmp.Or(cmp.Compare(a.created, b.created), cmp.Compare(a.id, b.id))
	if p.ascending {
		return order
	}
	return -order
}

// listPage is one page of a list, encoded.
type listPage[T any] struct {
	Object  string  `json:"object"`
	Data    []T     `json:"data"`
	FirstID *string `json:"first_id"`
	LastID  *string `json:"last_id"`
	HasMore bool    `json:"has_more"`
}

// pageOf picks a page of a list that comes in any order and may be long: no more is kept of
// it than the page. An item that the request names and that is not there is an error.
func pageOf[T, J any](p pageRequest, all iter.Seq2[T, error], at func(T) place, show func(T) J) (listPage[J], error) {
	type placed struct {
		place
		item T
	}
	out := listPage[J]{Object: "list", Data: []J{}}
	var cursor *place
	name, param := p.after, "after"
	if p.before != "" {
		name, param = p.before, "before"
	}
	if name != "" {
		for item, err := range all {
			if err != nil {
				return out, err
			}
			if here := at(item); here.id == name {
				cursor = &here
			}
		}
		if cursor == nil {
			return out, badRequest(param, "there is no %q in this list", firstRunes(name, longestShown))
		}
	}
	// What is nearest to the cursor is kept: seen from before, the list runs the other way.
	order := func(a, b placed) int { return p.compare(a.place, b.place) }
	if p.before != "" {
		order = func(a, b placed) int { return p.compare(b.place, a.place) }
	}
	var kept []placed
	for item, err := range all {
		if err != nil {
			return out, err
		}
		it := placed{at(item), item}
		if cursor != nil && order(it, placed{place: *cursor}) <= 0 {
			continue
		}
		i, _ := slices.BinarySearchFunc(kept, it, order)
		if i > p.limit {
			continue
		}
		kept = slices.Insert(kept, i, it)
		kept = kept[:min(len(kept), p.limit+1)]
	}
	out.HasMore = len(kept) > p.limit
	kept = kept[:min(len(kept), p.limit)]
	if p.before != "" {
		slices.Reverse(kept)
	}
	for _, it := range kept {
		out.Data = append(out.Data, show(it.item))
	}
	if len(kept) > 0 {
		out.FirstID, out.LastID = &kept[0].id, &kept[len(kept)-1].id
	}
	return out, nil
}

// each makes a list that may be run through again and again of a slice.
func each[T any](items []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, it := range items {
			if !yield(it, nil) {
				return
			}
		}
	}
}
