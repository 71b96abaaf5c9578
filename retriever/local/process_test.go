package local_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"ragway/retriever"
	"ragway/retriever/local"
)

// childEnv makes the test binary a writer: FOLDER, NAME, FIRST, COUNT, one a line. It
// creates the collection "docs" if need be, puts COUNT documents and prints the number of
// each when it is acknowledged. It holds an index meanwhile and writes segment files.
const childEnv = "RAGWAY_LOCAL_TEST_CHILD"

func TestMain(m *testing.M) {
	if args := os.Getenv(childEnv); args != "" {
		if err := write(strings.Split(args, "\n")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func write(args []string) error {
	ctx := context.Background()
	first, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	store, err := local.Open(ctx, local.Options{Path: args[0]}.WithSmallSegments())
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.CreateCollection(ctx, retriever.Collection{Name: "docs"}); err != nil && !errors.Is(err, retriever.ErrCollectionExists) {
		return err
	}
	for n := first; n < first+count; n++ {
		if _, err := store.Put(ctx, "docs", []retriever.Upsert{numbered(args[1], n)}); err != nil {
			return err
		}
		fmt.Println(n)
		if err := store.Ping(ctx); err != nil {
			return err
		}
	}
	return nil
}

// slots is how many documents a writer keeps replacing.
const slots = 7

// numbered is version n of the writer's document n%slots; each chunk says so.
func numbered(writer string, n int) retriever.Upsert {
	u := retriever.Upsert{Document: retriever.Document{Collection: "docs", Tenant: retriever.DefaultTenant,
		URI: fmt.Sprintf("%s/%d", writer, n%slots), Hash: strconv.Itoa(n)}}
	for i := range 2 + n%3 {
		u.Chunks = append(u.Chunks, retriever.Chunk{Text: fmt.Sprintf("shared %d part%d", n, i)})
	}
	u.Seal()
	return u
}

func child(t *testing.T, folder, writer string, first, count int) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+strings.Join([]string{folder, writer, strconv.Itoa(first), strconv.Itoa(count)}, "\n"))
	cmd.Stderr = os.Stderr
	return cmd
}

func TestKilledWriterLosesNothingAcknowledged(t *testing.T) {
	folder := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	acknowledged := map[int]int{} // slot ▶ version
	next := 0
	for range 15 {
		last := killAfter(t, child(t, folder, "w", next, 1000), rng.IntN(20), acknowledged)
		checkSlots(t, folder, acknowledged)
		next = max(next, last) + 1
	}
	if len(acknowledged) != slots {
		t.Errorf("only %d of %d documents were ever acknowledged", len(acknowledged), slots)
	}
}

// killAfter kills the writer once it has acknowledged some documents, while it writes the
// next, and notes all that it acknowledged. It returns the last of them.
func killAfter(t *testing.T, cmd *exec.Cmd, acks int, acknowledged map[int]int) (last int) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if acks == 0 {
		cmd.Process.Kill()
	}
	lines := bufio.NewScanner(out)
	for seen := 1; lines.Scan(); seen++ {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		acknowledged[n%slots], last = n, n
		if seen == acks {
			cmd.Process.Kill()
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the writer ended before it was killed")
	}
	return last
}

// checkSlots holds a reopened store to what was acknowledged: each document whole, at that
// version or the one that was being written.
func checkSlots(t *testing.T, folder string, acknowledged map[int]int) {
	t.Helper()
	ctx := context.Background()
	store, err := local.Open(ctx, local.Options{Path: folder}.WithSmallSegments())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for slot, version := range acknowledged {
		want := numbered("w", version)
		doc, chunks, err := store.Document(ctx, retriever.Operator(), want.Document.ID)
		if err != nil {
			t.Fatalf("version %d was acknowledged: %v", version, err)
		}
		got, err := strconv.Atoi(doc.Hash)
		if err != nil {
			t.Fatal(err)
		}
		if got < version {
			t.Errorf("slot %d: version %d, acknowledged was %d", slot, got, version)
		}
		if err := whole(got, doc, chunks); err != nil {
			t.Error(err)
		}
	}
	if len(acknowledged) > 0 {
		checkFound(t, store)
	}
}

func whole(version int, doc retriever.Document, chunks []retriever.Chunk) error {
	want := numbered("w", version)
	if len(chunks) != len(want.Chunks) || doc.Chunks != len(want.Chunks) {
		return fmt.Errorf("version %d: %d chunks, want %d", version, len(chunks), len(want.Chunks))
	}
	for i := range chunks {
		if chunks[i].Text != want.Chunks[i].Text {
			return fmt.Errorf("version %d has a chunk %q", version, chunks[i].Text)
		}
	}
	return nil
}

// checkFound compares the index with the documents of the file.
func checkFound(t *testing.T, store *local.Store) {
	t.Helper()
	ctx := context.Background()
	want := 0
	for d, err := range store.Documents(ctx, retriever.Operator(), "docs", "") {
		if err != nil {
			t.Fatal(err)
		}
		want += d.Chunks
	}
	set, err := store.Candidates(ctx, retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "shared", Depth: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	info, err := store.Collection(ctx, retriever.Operator(), "docs")
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Candidates) != want || info.Chunks != want {
		t.Errorf("%d chunks found, %d counted, want %d", len(set.Candidates), info.Chunks, want)
	}
	for _, c := range set.Candidates {
		if c.Chunk.Text != fmt.Sprintf("shared %s part%d", c.Document.Hash, c.Chunk.Ordinal) {
			t.Errorf("document at version %s shows %q", c.Document.Hash, c.Chunk.Text)
		}
	}
}

func TestProcessesOpenAndWriteAtOnce(t *testing.T) {
	const writers, each = 3, 40
	folder := t.TempDir()
	var children []*exec.Cmd
	for w := range writers {
		cmd := child(t, folder, strconv.Itoa(w), 0, each)
		if err := cmd.Start(); err != nil { // all of them create the same new file
			t.Fatal(err)
		}
		children = append(children, cmd)
	}
	store := open(t, folder)
	done := make(chan error, writers)
	for _, cmd := range children {
		go func() { done <- cmd.Wait() }()
	}
	ctx := context.Background()
	for running := writers; running > 0; {
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("writer: %v", err)
			}
			running--
		default:
			if _, err := store.Collection(ctx, retriever.Operator(), "docs"); err == nil {
				searchWhileWritten(t, store)
			} else if !errors.Is(err, retriever.ErrCollectionNotFound) {
				t.Fatal(err)
			}
		}
	}
	checkFound(t, store)
	info, err := store.Collection(ctx, retriever.Operator(), "docs")
	if err != nil {
		t.Fatal(err)
	}
	if info.Documents != writers*slots {
		t.Errorf("%d documents, want %d", info.Documents, writers*slots)
	}
}

// searchWhileWritten checks that an answer is of one moment: no document in two versions.
func searchWhileWritten(t *testing.T, store *local.Store) {
	t.Helper()
	set, err := store.Candidates(context.Background(), retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "shared", Depth: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	chunks := map[string]int{}
	for _, c := range set.Candidates {
		chunks[c.Document.ID]++
		if !strings.HasPrefix(c.Chunk.Text, "shared "+c.Document.Hash+" ") {
			t.Fatalf("document at version %s shows %q", c.Document.Hash, c.Chunk.Text)
		}
	}
	for _, c := range set.Candidates {
		if chunks[c.Document.ID] != c.Document.Chunks {
			t.Fatalf("%s: %d chunks of %d", c.Document.URI, chunks[c.Document.ID], c.Document.Chunks)
		}
	}
}
