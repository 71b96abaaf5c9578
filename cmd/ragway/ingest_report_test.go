package main

import (
	"strings"
	"testing"
	"time"

	"ragway/ingest"
)

func TestReportSaysWhatFailedWhyAndWhatToDo(t *testing.T) {
	var r ingestReport
	for _, uri := range []string{"a", "b", "c", "d"} {
		r.add(ingest.DocumentEvent{URI: uri, Action: ingest.Fail, Reason: string(ingest.Encrypted)})
	}
	r.add(ingest.DocumentEvent{URI: "e", Action: ingest.Fail, Reason: string(ingest.Corrupt)})
	r.add(ingest.DocumentEvent{URI: "f", Action: ingest.Add})
	var b strings.Builder
	r.print(&b, ingest.Counts{Added: 1, Failed: 5})
	want := "4 encrypted: a, b, c and 1 more\n  " + ingest.Encrypted.Advice() + "\n1 corrupt: e\n  " + ingest.Corrupt.Advice() + "\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestReportSaysThatThereIsNothingToRead(t *testing.T) {
	var r ingestReport
	for range 2 {
		r.add(ingest.DocumentEvent{Action: ingest.Skip, Reason: "no extractor for .png"})
	}
	r.add(ingest.DocumentEvent{Action: ingest.Skip, Reason: "empty"})
	var b strings.Builder
	r.print(&b, ingest.Counts{Skipped: 3})
	if want := "nothing to read was found, skipped: 1 empty, 2 no extractor for .png\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestProgressLineHasRateAndRest(t *testing.T) {
	got := progressLine(ingest.ProgressEvent{Done: 50, Total: 200, Chunks: 80, Bytes: 20_000_000}, 10*time.Second)
	if want := "50 of 200 documents, 80 chunks, 2.0 MB/s, 5 documents/s, about 30s left"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
