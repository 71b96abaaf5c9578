package ingest

import (
	"context"
	"time"

	"ragway/retriever"
)

// tellOthers keeps a record of how far the run is, for other processes, until stop is
// called. Most runs are over before there is anything to tell.
func (r *run) tellOthers(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(retriever.IngestRunEvery)
		defer ticker.Stop()
		told := false
		for {
			select {
			case <-ctx.Done():
				if told {
					r.complain(retriever.DeleteIngestRun(context.WithoutCancel(ctx), r.e.o.Store, r.e.o.Collection))
				}
				return
			case <-ticker.C:
			}
			told = true
			r.complain(retriever.PutIngestRun(ctx, r.e.o.Store, r.e.o.Collection, r.news()))
		}
	}()
	return func() { cancel(); <-done }
}

func (r *run) news() retriever.IngestRun {
	r.mu.Lock()
	defer r.mu.Unlock()
	return retriever.IngestRun{
		Owner: r.e.o.Owner, Tenant: r.e.tenant(), Started: r.start.UTC(), Updated: r.e.o.Now().UTC(), Done: r.done, Total: r.total,
	}
}

// complain is for what a run goes on without.
func (r *run) complain(err error) {
	if err != nil {
		r.e.o.Logger.Debug("tell of the run", "err", err)
	}
}
