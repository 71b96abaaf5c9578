package ingest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"ragway/ingest"
	"ragway/retriever"
)

func TestRunTellsOthersOfItselfUntilItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]string{"a.txt": "a", "b.txt": "b"})
		goOn := make(chan struct{})
		eng := b.engine(func(o *ingest.Options) {
			o.Now, o.Tenant, o.Workers = time.Now, "acme", 1
			o.Extract = func(ctx context.Context, in ingest.Input) (ingest.Extracted, error) {
				if in.Name == "b.txt" {
					<-goOn
				}
				return takeText(ctx, in)
			}
		})
		plan, err := eng.Plan(t.Context(), b.src)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := eng.Apply(t.Context(), plan, nil)
			ended <- err
		}()
		runs := func() []retriever.IngestRun {
			t.Helper()
			synctest.Wait()
			runs, err := retriever.IngestRuns(t.Context(), b.store, "test", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return runs
		}
		if got := runs(); got != nil {
			t.Errorf("at once there is %+v", got)
		}
		time.Sleep(2*retriever.IngestRunEvery + time.Second) // of the bubble
		got := runs()
		if len(got) != 1 || got[0].Owner != "me" || got[0].Tenant != "acme" || got[0].Total != 2 || !got[0].Updated.After(got[0].Started) {
			t.Errorf("in the middle there is %+v", got)
		}
		late := time.Now().Add(time.Minute)
		if dead, err := retriever.IngestRuns(t.Context(), b.store, "test", late); err != nil || dead != nil {
			t.Errorf("a minute without news later there is %+v, %v", dead, err)
		}
		close(goOn)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if got := runs(); got != nil {
			t.Errorf("afterwards there is %+v", got)
		}
	})
}
