package wire

import (
	"testing"
)

func TestEditsApplyInAnyOrder(t *testing.T) {
	body := []byte("0123456789")
	tests := []struct {
		name  string
		edits []Edit
		want  string
	}{
		{"none", nil, "0123456789"},
		{"zero", []Edit{{}, {}}, "0123456789"},
		{"cut", []Edit{{2, 4, nil}}, "01456789"},
		{"unsorted", []Edit{{8, 9, []byte("B")}, {0, 0, []byte("A")}}, "A01234567B9"},
		{"two insertions keep their order", []Edit{{3, 3, []byte("a")}, {3, 3, []byte("b")}}, "012ab3456789"},
		{"insertion before a cut", []Edit{{3, 5, nil}, {3, 3, []byte("a")}}, "012a56789"},
		{"insertion behind a cut", []Edit{{5, 5, []byte("a")}, {3, 5, nil}}, "012a56789"},
		{"at the end", []Edit{{10, 10, []byte("!")}}, "0123456789!"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Apply(body, test.edits...)
			if err != nil || string(got) != test.want {
				t.Errorf("Apply = %q, %v; want %q", got, err, test.want)
			}
		})
	}
	if string(body) != "0123456789" {
		t.Errorf("the body has become %q", body)
	}
}

func TestEditsThatOverlapAreRefused(t *testing.T) {
	for _, edits := range [][]Edit{
		{{2, 5, nil}, {4, 6, nil}},
		{{2, 5, nil}, {3, 3, []byte("a")}},
		{{5, 4, nil}},
		{{0, 11, nil}},
		{{-1, 0, nil}},
	} {
		if got, err := Apply([]byte("0123456789"), edits...); err == nil {
			t.Errorf("Apply(%v) = %q, want an error", edits, got)
		}
	}
}
