package extract_test

import (
	"strings"
	"testing"

	"ragway/ingest"
	"ragway/ingest/extract"
)

func textOf(t *testing.T, name, data string) ingest.Extracted {
	t.Helper()
	got, err := newRegistry(t, extract.Options{}).Extract(t.Context(), ingest.Input{Name: name, Data: []byte(data)})
	if err != nil {
		t.Fatal(err)
	}
	checkForm(t, got)
	return got
}

func TestSubtitlesBecomeParagraphsOfSpeech(t *testing.T) {
	got := textOf(t, "a.vtt", `WEBVTT - a title

STYLE
::cue { color: red }

NOTE not said

1
00:01.000 --> 00:02.000 align:left
<v.loud Ann>Salt &amp; pepper,
<i>please</i>.

2
00:02.100 --> 00:03.000
<v Ann>Thank you.</v>

00:03.100 --> 00:04.000
<v Bob>- Which one?
- Both.

01:00:00.000 --> 01:00:01.000
After a pause
`)
	want := "Ann: Salt & pepper, please. Thank you.\n\nBob: - Which one?\n- Both.\n\nAfter a pause"
	if got.Text != want || got.Format != "subtitles" {
		t.Errorf("%s: %q, want %q", got.Format, got.Text, want)
	}
}

func TestLongSpeechIsCutAtASentence(t *testing.T) {
	var b strings.Builder
	for range 100 {
		b.WriteString("00:00:01,000 --> 00:00:01,500\nA sentence of forty signs, more or less.\n\n")
	}
	for _, block := range textOf(t, "a.srt", b.String()).Blocks {
		if n := block.End - block.Start; n > 700 {
			t.Errorf("a paragraph of %d signs", n)
		}
	}
}

func TestNotebookOutputsAreBoundedAndOldOnesAreRead(t *testing.T) {
	got := textOf(t, "a.ipynb", `{"metadata":{"language_info":{"name":"julia"}},"cells":[{"cell_type":"code","source":"run()","outputs":[
		{"output_type":"stream","text":["`+strings.Repeat(`row\n`, 5000)+`"]},
		{"output_type":"error","ename":"DomainError","evalue":"x < 0","traceback":["\u001b[31mlong"]},
		{"output_type":"display_data","data":{"image/png":"AAAA","text/html":"<b>x</b>"}}]}]}`)
	if !strings.HasPrefix(got.Text, "```julia\nrun()\n```\n\n```\nrow\n") || !strings.HasSuffix(got.Text, "row\n…\n```\n\n```\nDomainError: x < 0\n```") || len(got.Text) > 5000 {
		t.Errorf("%d bytes: %.80q … %q", len(got.Text), got.Text, got.Text[max(0, len(got.Text)-80):])
	}
	got = textOf(t, "b.ipynb", `{"nbformat":3,"worksheets":[{"cells":[{"cell_type":"heading","level":2,"source":["Old"]},{"cell_type":"code","input":"1+1","outputs":[{"text":"2"}]}]}]}`)
	if want := "## Old\n\n```\n1+1\n```\n\n```\n2\n```"; got.Text != want || got.Title != "Old" {
		t.Errorf("%q, title %q, want %q", got.Text, got.Title, want)
	}
}

func TestBrokenNotebookIsCorrupt(t *testing.T) {
	r := newRegistry(t, extract.Options{})
	for name, data := range map[string]string{"half": `{"cells":[{`, "no cells": `{"a":1}`, "a list": `[1]`} {
		_, err := r.Extract(t.Context(), ingest.Input{Name: "a.ipynb", Data: []byte(data)})
		if got := ingest.ReasonOf(err); got != ingest.Corrupt {
			t.Errorf("%s: %v, want corrupt", name, err)
		}
	}
}
