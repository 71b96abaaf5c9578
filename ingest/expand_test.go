package ingest_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/ingest"
)

// boxes makes containers of texts: ".box" holds nothing but members, ".note" a text of its
// own, too. Each line "+path text" is a member, "?path reason" one that cannot be read,
// "!! reason" ends the container, and "~" says that it is none.
func boxes(o *ingest.Options) {
	o.Holds = func(name, _ string) ingest.Holding {
		switch path.Ext(name) {
		case ".box":
			return ingest.HoldsMembers
		case ".note":
			return ingest.HoldsBoth
		}
		return ingest.HoldsText
	}
	o.Expand = func(ctx context.Context, _ string, open func(context.Context) (io.ReadCloser, error)) iter.Seq2[ingest.Member, error] {
		return func(yield func(ingest.Member, error) bool) {
			r, err := open(ctx)
			if err != nil {
				yield(ingest.Member{}, err)
				return
			}
			data, _ := io.ReadAll(r)
			for line := range strings.SplitSeq(string(data), "\n") {
				if !yieldLine(line, yield) {
					return
				}
			}
		}
	}
}

func yieldLine(line string, yield func(ingest.Member, error) bool) bool {
	if line == "~" {
		return yield(ingest.Member{}, ingest.ErrNoContainer)
	}
	if why, ok := strings.CutPrefix(line, "!! "); ok {
		return yield(ingest.Member{}, ingest.Failf(ingest.Corrupt, "%s", why))
	}
	rel, text, _ := strings.Cut(strings.TrimLeft(line, "+?"), " ")
	switch {
	case strings.HasPrefix(line, "?"):
		return yield(ingest.Member{Path: rel, Size: -1}, ingest.Failf(ingest.Encrypted, "%s", text))
	case strings.HasPrefix(line, "+"):
		open := func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
		return yield(ingest.Member{Path: rel, Size: int64(len(text)), Open: open}, nil)
	}
	return true
}

func (b *bench) uris() []string {
	var uris []string
	for uri := range b.store.byURI() {
		uris = append(uris, strings.TrimPrefix(uri, "docs/"))
	}
	slices.Sort(uris)
	return uris
}

func TestMembersAreDocumentsOfTheirOwn(t *testing.T) {
	b := newBench(t, map[string]string{
		"a.box":  "+x.txt one\n+sub/y.txt two\n+p.png three",
		"b.note": "hello\n+att.txt four",
		"c.box":  "~",
		"d.box":  "",
		"e.txt":  "+not a box",
	})
	b.src.edit("d.box", func(it *ingest.Item) { it.Size = 3 })
	want := ingest.Counts{Added: 6, Skipped: 1, Failed: 1}
	if got := b.run(boxes); got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
	uris := []string{"a.box!/sub/y.txt", "a.box!/x.txt", "b.note", "b.note!/att.txt", "c.box", "e.txt"}
	if diff := cmp.Diff(uris, b.uris()); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	embedded := b.embedder.embedded()
	if got := b.run(boxes); got != (ingest.Counts{Unchanged: 6, Skipped: 1, Failed: 1}) || b.embedder.embedded() != embedded {
		t.Errorf("second run: %+v", got)
	}
}

func TestMembersChangeAndVanishOnTheirOwn(t *testing.T) {
	b := newBench(t, map[string]string{"a.box": "+x.txt one\n+y.txt two\n+z.txt three", "e.txt": "five"})
	b.run(boxes)
	b.src.put("a.box", "+x.txt one\n+y.txt other")
	want := ingest.Counts{Changed: 1, Deleted: 1, Unchanged: 2}
	if got := b.run(boxes, prune); got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
}

// What lies in a container that cannot be read, or behind the place where it breaks, is
// not gone.
func TestMembersOfABrokenContainerAreKept(t *testing.T) {
	tests := map[string]struct {
		now    string
		want   ingest.Counts
		failed string
	}{
		"at once":    {"!! torn", ingest.Counts{Failed: 1}, "docs/a.box"},
		"in between": {"+x.txt one\n!! torn", ingest.Counts{Unchanged: 1, Failed: 1}, "docs/a.box"},
		"one alone":  {"+x.txt one\n?y.txt locked", ingest.Counts{Unchanged: 1, Failed: 1}, "docs/a.box!/y.txt"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, map[string]string{"a.box": "+x.txt one\n+y.txt two"})
			b.run(boxes)
			b.src.put("a.box", tt.now)
			if got := b.run(boxes, prune, force); got != tt.want {
				t.Errorf("counts %+v, want %+v", got, tt.want)
			}
			if got := b.uris(); len(got) != 2 {
				t.Errorf("left: %q", got)
			}
			if f := b.failures(); len(f) != 1 || f[0].URI != tt.failed {
				t.Errorf("failures %+v", f)
			}
		})
	}
}

// A damaged message fails for the reason that its own text gives; what was stored of it
// before is kept.
func TestDamagedMessageFailsForItself(t *testing.T) {
	b := newBench(t, map[string]string{"a.note": "!plain\n!! torn", "b.note": "hello\n+x.txt one"})
	b.run(boxes)
	b.src.put("b.note", "hello again\n!! torn")
	if got := b.run(boxes, prune, force); got != (ingest.Counts{Failed: 2}) {
		t.Errorf("counts %+v", got)
	}
	if diff := cmp.Diff([]string{"b.note", "b.note!/x.txt"}, b.uris()); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	reasons := map[string]ingest.Reason{}
	for _, f := range b.failures() {
		reasons[f.URI] = f.Reason
	}
	if diff := cmp.Diff(map[string]ingest.Reason{"docs/a.note": ingest.Internal, "docs/b.note": ingest.Corrupt}, reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}

func force(o *ingest.Options) { o.Force = true }

func TestMembersInheritWhatIsSaidOfTheirContainer(t *testing.T) {
	b := newBench(t, map[string]string{"a.box": "+x.txt one"})
	b.src.edit("a.box", func(it *ingest.Item) { it.ACL = []string{"group:hr"} })
	b.run(boxes, func(o *ingest.Options) { o.URLBase = "https://files.test" })
	got := b.store.byURI()["docs/a.box!/x.txt"].Document
	if diff := cmp.Diff([]string{"group:hr"}, got.ACL); diff != "" || got.URL != "https://files.test/a.box" {
		t.Errorf("url %s, access %v", got.URL, got.ACL)
	}
}

// The members of a container that cannot be read are closed with it: its narrower list
// holds for what is stored of them, whatever happens to its bytes.
func TestNarrowedContainerClosesItsMembersThoughItFails(t *testing.T) {
	for name, fail := range map[string]func(*bench){
		"its bytes":  func(b *bench) { b.src.put("a.box", "!! torn") },
		"its source": func(b *bench) { b.src.broken["a.box"] = errors.New("settings cannot be read") },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, map[string]string{"a.box": "+x.txt one\n+sub/y.txt two", "b.box": "+z.txt three"})
			b.run(boxes)
			fail(b)
			b.src.edit("a.box", func(it *ingest.Item) { it.ACL = []string{"group:hr"} })
			if got := b.run(boxes, prune, force); got.Failed != 1 || got.Unchanged != 1 {
				t.Errorf("counts %+v", got)
			}
			got := map[string][]string{}
			for uri, up := range b.store.byURI() {
				got[uri] = up.Document.ACL
			}
			want := map[string][]string{"docs/a.box!/x.txt": {"group:hr"}, "docs/a.box!/sub/y.txt": {"group:hr"}, "docs/b.box!/z.txt": nil}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("access (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDeletedContainerTakesItsMembersAlong(t *testing.T) {
	b := newBench(t, map[string]string{"a.box": "+x.txt one\n+y.txt two", "e.txt": "three"})
	b.run(boxes)
	b.src.edit("a.box", func(it *ingest.Item) { it.Deleted = true })
	if got := b.run(boxes); got != (ingest.Counts{Deleted: 2, Unchanged: 1}) {
		t.Errorf("counts %+v", got)
	}
}

// covering is a source that owns only some of what starts with its prefix, as a glob does.
type covering struct {
	*shelf
	covers func(string) bool
}

func (c covering) Covers(uri string) bool { return c.covers(uri) }

func TestPruneLeavesMembersOfContainersThatTheSourceDoesNotCover(t *testing.T) {
	b := newBench(t, map[string]string{"a.box": "+x.txt one", "n.txt": "two"})
	b.run(boxes)
	b.src.remove("a.box")
	glob := covering{b.src, func(uri string) bool { return strings.HasSuffix(uri, ".txt") }}
	p, err := b.engine(boxes, prune, force).Plan(t.Context(), glob)
	if err != nil || p.Counts() != (ingest.Counts{Unchanged: 1}) {
		t.Errorf("plan %+v, %v", p.Counts(), err)
	}
}
