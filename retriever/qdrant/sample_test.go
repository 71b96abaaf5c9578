package qdrant_test

import (
	"testing"

	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
)

func TestRecallIsMeasuredOnceThereIsAnIndex(t *testing.T) {
	p := newPeer(t)
	p.put(document("a", "one", "two", "three"))
	recall := func() float64 {
		info, err := p.store.Collection(p.ctx, retriever.Operator(), "docs")
		p.must(err)
		return info.RecallEstimate
	}
	if got := recall(); got != 1 || p.server.Calls(api.Points_QueryBatch_FullMethodName) != 0 {
		t.Errorf("recall %v of a scan after a query, want 1 without", got)
	}
	p.server.SetIndexed(3)
	p.on(api.Points_QueryBatch_FullMethodName, func(req any, handle func() (any, error)) (any, error) {
		answer, err := handle()
		if err != nil {
			return nil, err
		}
		for i, q := range req.(*api.QueryBatchPoints).QueryPoints { // an index that finds one of three
			if r := answer.(*api.QueryBatchResponse).Result[i]; !q.GetParams().GetExact() {
				r.Result = r.Result[:1]
			}
		}
		return answer, nil
	})
	if got := recall(); got < 0.33 || got > 0.34 {
		t.Errorf("recall %v, want a third", got)
	}
}
