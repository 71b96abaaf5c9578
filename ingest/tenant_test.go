package ingest_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/ingest"
)

func ofTenant(tenant string) func(*ingest.Item) { return func(it *ingest.Item) { it.Tenant = tenant } }

// tenants are those of the stored documents, by URI.
func (b *bench) tenants() map[string]string {
	out := map[string]string{}
	for uri, up := range b.store.byURI() {
		out[uri] = up.Document.Tenant
	}
	return out
}

func TestRecordThatNoLongerNamesItsTenantLeavesNothingBehind(t *testing.T) {
	b := newBench(t, three())
	b.src.edit("a.txt", ofTenant("acme"))
	b.run()
	b.src.edit("a.txt", ofTenant(""))
	if diff := cmp.Diff(ingest.Counts{Added: 1, Deleted: 1, Unchanged: 2}, b.run()); diff != "" {
		t.Error(diff)
	}
	if got := b.tenants()["docs/a.txt"]; got != "default" || len(b.store.documents) != 3 {
		t.Errorf("tenant %q, %d documents", got, len(b.store.documents))
	}
}

func TestBrokenRecordIsNotTakenForMoved(t *testing.T) {
	b := newBench(t, three())
	b.src.edit("a.txt", ofTenant("acme"))
	b.run()
	b.src.edit("a.txt", ofTenant(""))
	b.src.broken["a.txt"] = ingest.Failf(ingest.BadMetadata, "tenant is 5, want a name")
	b.run(func(o *ingest.Options) { o.Prune, o.Force = true, true })
	if got := b.tenants()["docs/a.txt"]; got != "acme" {
		t.Errorf("tenant %q: the document is gone", got)
	}
}

func TestPruneReachesTenantsThatTheSourceNamesNoMore(t *testing.T) {
	prune := func(o *ingest.Options) { o.Prune = true }
	b := newBench(t, three())
	b.src.edit("a.txt", ofTenant("acme"))
	b.run()
	b.run(func(o *ingest.Options) { o.Tenant = "initech" }) // by flag: another run's documents
	b.src.remove("a.txt")
	if got := b.run(prune); got.Deleted != 1 || len(b.store.documents) != 5 {
		t.Errorf("deleted %d, %d documents left", got.Deleted, len(b.store.documents))
	}
}

func TestFailedVersionOfANamedTenantIsStillItsSources(t *testing.T) {
	b := newBench(t, three())
	b.src.edit("a.txt", ofTenant("acme"))
	b.run()
	b.src.put("a.txt", "!corrupt")
	b.src.edit("a.txt", func(it *ingest.Item) { it.ACL = []string{"group:hr"} })
	b.run()
	b.src.remove("a.txt")
	_, err := b.engine(func(o *ingest.Options) { o.Prune = true }).Plan(t.Context(), b.src)
	if err != nil && !errors.Is(err, ingest.ErrPruneRefused) {
		t.Fatal(err)
	}
	if got := b.run(func(o *ingest.Options) { o.Prune, o.Force = true, true }); got.Deleted != 1 {
		t.Errorf("%+v", got)
	}
}
