package gateway

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"pgregory.net/rapid"
)

// TestPagesAreTheListOnceInOrder goes through lists in both orders and both directions.
func TestPagesAreTheListOnceInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		created := rapid.SliceOfN(rapid.Int64Range(0, 5), 0, 30).Draw(t, "created")
		var all []place
		for i, at := range created {
			all = append(all, place{at, fmt.Sprintf("id%02d", (i*7)%31)})
		}
		p := pageRequest{limit: rapid.IntRange(1, 8).Draw(t, "limit"), ascending: rapid.Bool().Draw(t, "ascending")}
		want := slices.SortedFunc(slices.Values(all), p.compare)
		for _, forward := range []bool{true, false} {
			var got []place
			for {
				out, err := pageOf(p, each(all), func(v place) place { return v }, func(v place) place { return v })
				if err != nil {
					t.Fatal(err)
				}
				if len(out.Data) > p.limit || len(out.Data) == 0 && out.HasMore {
					t.Fatalf("page of %d, more %v", len(out.Data), out.HasMore)
				}
				if forward {
					got = append(got, out.Data...)
				} else {
					got = append(slices.Clone(out.Data), got...)
				}
				if !out.HasMore {
					break
				}
				if forward {
					p.after = *out.LastID
				} else {
					p.before = *out.FirstID
				}
			}
			if !slices.Equal(got, want) && (forward || len(want) > 1) {
				t.Fatalf("forward %v: got %v, want %v", forward, got, want)
			}
			if p.after = ""; len(want) == 0 {
				break
			}
			p.before = want[len(want)-1].id // all but the last, from behind
			want = want[:len(want)-1]
		}
	})
}

func TestPageRequestsThatAreRefused(t *testing.T) {
	for _, query := range []string{"limit=0", "limit=101", "limit=x", "order=up", "after=a&before=b"} {
		c := &gin.Context{Request: httptest.NewRequest(http.MethodGet, "/?"+query, http.NoBody)}
		if _, err := decodePage(c, defaultPage, maxPage); err == nil {
			t.Errorf("%s is accepted", query)
		}
	}
	_, err := pageOf(pageRequest{limit: 1, after: "gone"}, each([]place{{1, "a"}}), func(v place) place { return v }, func(v place) place { return v })
	if err == nil {
		t.Error("a cursor that is not in the list is accepted")
	}
}

func TestUploadURIsComeApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := cleanFilename(rapid.String().Draw(t, "name"))
		file, got, ok := UploadOf(UploadURI("file-1", name))
		if !ok || file != "file-1" || got != name {
			t.Fatalf("%q came back as %q of %q", name, got, file)
		}
	})
	for in, want := range map[string]string{
		"../../etc/passwd": "passwd", `C:\docs\a.pdf`: "a.pdf", "": "upload", "..": "upload", "a\x00b\n.txt": "ab.txt", "\u202efdp.exe": "fdp.exe", "世界.pdf": "世界.pdf",
	} {
		if got := cleanFilename(in); got != want {
			t.Errorf("%q is kept as %q, want %q", in, got, want)
		}
	}
}

func TestBatchStatus(t *testing.T) {
	for _, tt := range []struct {
		b    FileBatch
		want FileStatus
	}{
		{FileBatch{Files: FileCounts{InProgress: 1, Failed: 1}}, InProgress},
		{FileBatch{Files: FileCounts{Completed: 1, Failed: 1}}, Completed},
		{FileBatch{Files: FileCounts{Failed: 2}}, Failed},
		{FileBatch{Files: FileCounts{Completed: 1, Cancelled: 1}, Cancelled: true}, Cancelled},
	} {
		if got := tt.b.status(); got != tt.want {
			t.Errorf("%+v is %s, want %s", tt.b, got, tt.want)
		}
	}
	if got := placeOf(time.Unix(5, 999), "a"); got != (place{5, "a"}) {
		t.Errorf("place %v", got)
	}
}
