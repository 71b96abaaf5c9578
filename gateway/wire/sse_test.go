package wire

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// event is an Event that outlives Next.
type event struct {
	Raw, Name, Data string
	HasData         bool
	Complete        bool
}

func readAll(r io.Reader) ([]event, error) {
	reader := NewEventReader(r, 0)
	var out []event
	for {
		e, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, event{string(e.Raw), e.Name, string(e.Data), e.Data != nil, e.Complete})
	}
}

func TestEventsAreSplit(t *testing.T) {
	tests := []struct {
		name, stream string
		want         []event
	}{
		{"empty", "", nil},
		{"LF", "data: a\n\ndata: [DONE]\n\n", []event{{"data: a\n\n", "", "a", true, true}, {"data: [DONE]\n\n", "", "[DONE]", true, true}}},
		{"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", []event{{"data: a\r\n\r\n", "", "a", true, true}, {"data: b\r\n\r\n", "", "b", true, true}}},
		{"CR", "data: a\r\rdata: b\r\r", []event{{"data: a\r\r", "", "a", true, true}, {"data: b\r\r", "", "b", true, true}}},
		{"mixed", "data: a\r\n\ndata: b\n\r\n", []event{{"data: a\r\n\n", "", "a", true, true}, {"data: b\n\r\n", "", "b", true, true}}},
		{"comment", ": ping\n\n", []event{{": ping\n\n", "", "", false, true}}},
		{"fields", "id: 1\nevent: delta\n: x\ndata:a\ndata:  b\ndata\nretry: 5\n\n", []event{{"id: 1\nevent: delta\n: x\ndata:a\ndata:  b\ndata\nretry: 5\n\n", "delta", "a\n b\n", true, true}}},
		{"no blank line at the end", "data: a\n\ndata: b\n", []event{{"data: a\n\n", "", "a", true, true}, {"data: b\n", "", "b", true, false}}},
		{"no line end at the end", "data: b", []event{{"data: b", "", "b", true, false}}},
		{"empty data", "data:\n\n", []event{{"data:\n\n", "", "", true, true}}},
		{"byte order mark", "\ufeffdata: a\n\n", []event{{"\ufeffdata: a\n\n", "", "a", true, true}}},
		{"blank lines", "\n\r\ndata: a\n\n", []event{{"\n", "", "", false, true}, {"\r\n", "", "", false, true}, {"data: a\n\n", "", "a", true, true}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for name, r := range map[string]io.Reader{"whole": strings.NewReader(test.stream), "bytes": iotest.OneByteReader(strings.NewReader(test.stream)), "data with EOF": iotest.DataErrReader(strings.NewReader(test.stream))} {
				got, err := readAll(r)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// An event must come out before the next byte of the stream does.
func TestEventsAreNotHeldBack(t *testing.T) {
	for _, lineEnd := range []string{"\n", "\r\n", "\r"} {
		reader, writer := io.Pipe()
		events := NewEventReader(reader, 0)
		for _, data := range []string{"a", "b"} {
			go func() { _, _ = io.WriteString(writer, "data: "+data+lineEnd+lineEnd) }()
			e, err := events.Next()
			if err != nil || string(e.Data) != data {
				t.Fatalf("line end %q: event %q, %v", lineEnd, e.Data, err)
			}
		}
	}
}

func TestReadErrorComesAfterWhatWasRead(t *testing.T) {
	broken := errors.New("reset")
	r := NewEventReader(io.MultiReader(strings.NewReader("data: a\n\ndata: b"), iotest.ErrReader(broken)), 0)
	for _, want := range []event{{"data: a\n\n", "", "a", true, true}, {"data: b", "", "b", true, false}} {
		e, err := r.Next()
		if got := (event{string(e.Raw), e.Name, string(e.Data), e.Data != nil, e.Complete}); err != nil || got != want {
			t.Fatalf("Next = %+v, %v; want %+v", got, err, want)
		}
	}
	for range 2 {
		if _, err := r.Next(); !errors.Is(err, broken) {
			t.Fatalf("error %v, want %v", err, broken)
		}
	}
}

func TestEventOverTheBoundIsRefused(t *testing.T) {
	stream := "data: a\n\ndata: " + strings.Repeat("x", 100) + "\n\n"
	for _, r := range []io.Reader{strings.NewReader(stream), iotest.OneByteReader(strings.NewReader(stream))} {
		events := NewEventReader(r, 50)
		if _, err := events.Next(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := events.Next(); !errors.Is(err, ErrEventTooLarge) {
				t.Fatalf("error %v, want ErrEventTooLarge", err)
			}
		}
	}
}

func TestDataIsReplacedInItsEvent(t *testing.T) {
	tests := []struct{ name, stream, data, want string }{
		{"one line", "id: 1\ndata: a\n: x\n\n", "b", "id: 1\ndata: b\n: x\n\n"},
		{"CRLF", "data:a\r\n\r\n", "b", "data:b\r\n\r\n"},
		{"two lines", "id: 1\ndata: a\ndata: b\nretry: 1\n\n", "c", "id: 1\nretry: 1\ndata: c\n\n"},
		{"by two lines", "event: e\ndata: a\n\n", "b\nc", "event: e\ndata: b\ndata: c\n\n"},
		{"without a colon", "data\n\n", "b", "data: b\n\n"},
		{"incomplete", "data: a", "b", "data: b\n\n"},
		{"comment", ": x\n\n", "b", ": x\ndata: b\n\n"},
	}
	for _, test := range tests {
		e, err := NewEventReader(strings.NewReader(test.stream), 0).Next()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(e.WithData(nil, []byte(test.data))); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// pieces is a reader that returns its parts one by one.
type pieces [][]byte

func (p *pieces) Read(b []byte) (int, error) {
	if len(*p) == 0 {
		return 0, io.EOF
	}
	n := copy(b, (*p)[0])
	if (*p)[0] = (*p)[0][n:]; len((*p)[0]) == 0 {
		*p = (*p)[1:]
	}
	return n, nil
}

func checkPieces(t interface{ Fatalf(string, ...any) }, stream string, sizes []int) {
	want, err := readAll(strings.NewReader(stream))
	if err != nil {
		t.Fatalf("whole: %v", err)
	}
	var parts pieces
	rest := stream
	for _, n := range sizes {
		n = min(n, len(rest))
		parts = append(parts, []byte(rest[:n]))
		rest = rest[n:]
	}
	parts = append(parts, []byte(rest))
	got, err := readAll(&parts)
	if err != nil {
		t.Fatalf("in pieces: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("events (-whole +pieces):\n%s", diff)
	}
	var joined strings.Builder
	for _, e := range got {
		joined.WriteString(e.Raw)
	}
	if joined.String() != stream {
		t.Fatalf("the raw bytes joined are %q, want %q", joined.String(), stream)
	}
}

func TestEventsDoNotDependOnThePieces(t *testing.T) {
	line := rapid.SampledFrom([]string{"\n", "\r\n", "\r", "\n\n", "data: a", "data:", "data", "event: e", ": c", "\ufeff", "data: " + strings.Repeat("x", 5000)})
	rapid.Check(t, func(t *rapid.T) {
		stream := strings.Join(rapid.SliceOfN(line, 0, 30).Draw(t, "lines"), "")
		checkPieces(t, stream, rapid.SliceOfN(rapid.IntRange(0, 9), 0, 60).Draw(t, "sizes"))
	})
}

func FuzzEventReader(f *testing.F) {
	f.Add("data: a\r\n\r\ndata: b\r\r\n\n: c\n\ndata", uint8(1))
	f.Add("event: e\ndata: 1\ndata: 2\n\n", uint8(5))
	f.Fuzz(func(t *testing.T, stream string, size uint8) {
		var sizes []int
		for i := 0; size > 0 && i < len(stream); i += int(size) {
			sizes = append(sizes, int(size))
		}
		checkPieces(t, stream, sizes)
	})
}
