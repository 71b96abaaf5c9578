package retrievertest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ragway/retriever"
)

func (e *env) wantRecords(collection, kind string, want ...retriever.Record) {
	e.Helper()
	got, err := e.store.Records(e.ctx, collection, kind)
	e.must(err)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		e.Errorf("records of %s/%s (-want +got):\n%s", collection, kind, diff)
	}
}

func testRecords(e *env) {
	record := func(collection, kind, key, value string) retriever.Record {
		return retriever.Record{Collection: collection, Kind: kind, Key: key, Value: []byte(value)}
	}
	e.wantRecords("docs", "failure")
	b, a := record("docs", "failure", "b/ü", `{"n":1}`), record("docs", "failure", "a", `{"s":"x \u00e9"}`)
	other := record("docs", "origin", "a", `"elsewhere"`)
	global := record("", "failure", "a", `[1,2]`)
	e.must(e.store.PutRecords(e.ctx, b, a, other, global))
	e.must(e.store.PutRecords(e.ctx))
	e.wantRecords("docs", "failure", a, b)
	e.wantRecords("docs", "origin", other)
	e.wantRecords("", "failure", global)

	b.Value = []byte(`{"n":2}`)
	e.must(e.store.PutRecords(e.ctx, b))
	e.wantRecords("docs", "failure", a, b)
	e.must(e.store.DeleteRecords(e.ctx, "docs", "failure", "a", "unknown"))
	e.must(e.store.DeleteRecords(e.ctx, "docs", "failure"))
	e.wantRecords("docs", "failure", b)
	e.wantRecords("docs", "origin", other)

	var many []retriever.Record
	for i := range 300 {
		many = append(many, record("docs", "many", fmt.Sprintf("%04d", i), fmt.Sprint(i)))
	}
	e.must(e.store.PutRecords(e.ctx, many...))
	e.wantRecords("docs", "many", many...)
}

func testLease(e *env) {
	acquire := func(owner string, want error, wantHolder string) {
		e.Helper()
		holder, err := e.store.AcquireLease(e.ctx, "ingest/docs", owner, time.Hour)
		e.wantErr(err, want, owner)
		if holder != wantHolder {
			e.Errorf("%s: holder %q, want %q", owner, holder, wantHolder)
		}
	}
	acquire("ann", nil, "ann")
	acquire("ann", nil, "ann")
	acquire("bob", retriever.ErrLeaseLost, "ann")
	if holder, err := e.store.AcquireLease(e.ctx, "ingest/other", "bob", time.Hour); err != nil || holder != "bob" {
		e.Errorf("another lease: holder %q, error %v", holder, err)
	}
	e.must(e.store.ReleaseLease(e.ctx, "ingest/docs", "bob"))
	acquire("bob", retriever.ErrLeaseLost, "ann")
	e.must(e.store.ReleaseLease(e.ctx, "ingest/docs", "ann"))
	e.must(e.store.ReleaseLease(e.ctx, "ingest/docs", "ann"))
	acquire("bob", nil, "bob")
	acquire("ann", retriever.ErrLeaseLost, "bob")
}

func testLeaseExpires(e *env) {
	_, err := e.store.AcquireLease(e.ctx, "l", "ann", 50*time.Millisecond)
	e.must(err)
	e.eventually("the expired lease goes to another owner", func() bool {
		holder, err := e.store.AcquireLease(e.ctx, "l", "bob", time.Hour)
		if err != nil {
			e.wantErr(err, retriever.ErrLeaseLost, "bob")
		}
		return err == nil && holder == "bob"
	})
	_, err = e.store.AcquireLease(e.ctx, "l", "ann", time.Hour)
	e.wantErr(err, retriever.ErrLeaseLost, "the former owner")
}

func testLeaseRace(e *env) {
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if _, err := e.store.AcquireLease(e.ctx, "race", fmt.Sprint(i), time.Hour); err == nil {
				won.Add(1)
			} else {
				e.wantErr(err, retriever.ErrLeaseLost, "loser")
			}
		})
	}
	wg.Wait()
	if got := won.Load(); got != 1 {
		e.Errorf("%d owners hold the lease, want 1", got)
	}
}
