//go:build soak

package main

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	openai "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
)

// uploadKills is how often a server that takes uploads is killed.
const uploadKills = 20

// A server is killed at random moments while a client uploads files, puts them into a vector
// store, takes some out and deletes others. After one more start, the vector store holds
// what was acknowledged and nothing that was acknowledged as gone, each file once.
func TestKilledServerKeepsItsUploads(t *testing.T) {
	bin := ragway(t)
	for name, newTarget := range targets(t, bin) {
		t.Run(name, func(t *testing.T) {
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			rng := rand.New(rand.NewPCG(seed, 0))
			g := newTarget()
			u := &uploader{there: map[string]string{}, gone: map[string]string{}, unsure: map[string]bool{}}
			for i := range uploadKills {
				cmd, url := g.served(t)
				timer := time.AfterFunc(time.Duration(rng.Int64N(int64(800*time.Millisecond))), func() { _ = cmd.Process.Kill() })
				u.work(t, rng, url)
				timer.Stop()
				_ = cmd.Process.Kill() // it may be gone
				_ = cmd.Wait()         // killed
				t.Logf("kill %d: %d put in, %d taken out, %d of which nobody knows", i+1, len(u.there), len(u.gone), len(u.unsure))
			}
			cmd, url := g.served(t)
			u.check(t, url)
			_ = cmd.Process.Kill() // Wait tells nothing new
			_ = cmd.Wait()
		})
	}
}

// uploader is a client that remembers what it was told.
type uploader struct {
	mu     sync.Mutex
	store  string
	n      int
	there  map[string]string // text of the files that were put in, by id
	gone   map[string]string // of those that were taken out or deleted
	unsure map[string]bool   // ids of files whose last call was not answered
}

func uploadClient(url string) openai.Client {
	return openai.NewClient(option.WithBaseURL(url+"/v1"), option.WithAPIKey("none"), option.WithMaxRetries(0))
}

// work makes changes until the server does not answer any more.
func (u *uploader) work(t *testing.T, rng *rand.Rand, url string) {
	c, ctx := uploadClient(url), t.Context()
	for u.store == "" {
		vs, err := c.VectorStores.New(ctx, openai.VectorStoreNewParams{Name: param.NewOpt("soak")})
		if err != nil {
			return
		}
		u.store = vs.ID
	}
	for {
		u.n++
		text := fmt.Sprintf("File %d says that the number of the day is %d.", u.n, rng.IntN(1_000_000))
		f, err := c.Files.New(ctx, openai.FileNewParams{File: openai.File(strings.NewReader(text), fmt.Sprintf("f%d.txt", u.n), "text/plain"), Purpose: openai.FilePurposeAssistants})
		if err != nil {
			return
		}
		u.unsure[f.ID] = true
		if _, err := c.VectorStores.Files.New(ctx, u.store, openai.VectorStoreFileNewParams{FileID: f.ID}); err != nil {
			return
		}
		delete(u.unsure, f.ID)
		u.there[f.ID] = text
		if rng.IntN(3) > 0 {
			continue
		}
		known := slices.Sorted(maps.Keys(u.there))
		id := known[rng.IntN(len(known))]
		text = u.there[id]
		delete(u.there, id)
		u.unsure[id] = true
		if rng.IntN(2) == 0 {
			_, err = c.Files.Delete(ctx, id)
		} else {
			_, err = c.VectorStores.Files.Delete(ctx, u.store, id)
		}
		if err != nil {
			if answered := new(openai.Error); errors.As(err, &answered) {
				t.Errorf("delete: %v", err)
			}
			return
		}
		delete(u.unsure, id)
		u.gone[id] = text
	}
}

// check compares what the vector store holds in the end.
func (u *uploader) check(t *testing.T, url string) {
	c := uploadClient(url)
	for {
		vs, err := c.VectorStores.Get(t.Context(), u.store)
		if err != nil {
			t.Fatal(err)
		}
		if vs.FileCounts.InProgress == 0 {
			break
		}
	}
	have := map[string]int{}
	pages := c.VectorStores.Files.ListAutoPaging(t.Context(), u.store, openai.VectorStoreFileListParams{Limit: param.NewOpt[int64](100)})
	for pages.Next() {
		f := pages.Current()
		have[f.ID]++
		if f.Status != "completed" {
			t.Errorf("%s is %s: %s", f.ID, f.Status, f.LastError.Message)
		}
	}
	if err := pages.Err(); err != nil {
		t.Fatal(err)
	}
	for id, text := range u.there {
		content, err := c.VectorStores.Files.Content(t.Context(), u.store, id)
		if have[id] != 1 || err != nil || len(content.Data) != 1 || content.Data[0].Text != text {
			t.Errorf("%s was put in and is there %d times: %v, %v", id, have[id], content, err)
		}
	}
	for id := range u.gone {
		if have[id] > 0 {
			t.Errorf("%s was taken out and is there", id)
		}
	}
	for id := range have {
		if u.there[id] == "" && !u.unsure[id] {
			t.Errorf("%s is there, and nobody put it in", id)
		}
	}
	t.Logf("%d files are there, %d were taken out", len(have), len(u.gone))
}
