package extract_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/ingest"
	"ragway/ingest/extract"
)

func TestReStructuredText(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"levels by first use":    {"====\nTop\n====\n\nSub\n---\n\nx\n\nDeep\n~~~~\n\nSub2\n----\n\ny", "# Top\n\n## Sub\n\nx\n\n### Deep\n\n## Sub2\n\ny"},
		"marks":                  {"a *b* **c** ``d*`` `e <http://x>`_ f_ :ref:`g <h>` :func:`~i.j` [1]_ |k|\\ s\n\n.. |k| replace:: long", "a b c `d*` e f g i.j [^1] longs"},
		"literal":                {"See::\n\n  code *x*\n\n    more\n\nend ::\n\n  c2\n", "See:\n\n```\ncode *x*\n\n  more\n```\n\nend\n\n```\nc2\n```"},
		"lists":                  {"- a\n  goes on\n- b\n\n  1. c\n  2. d\n\nA. Smith wrote\nit all.", "- a goes on\n- b\n1. c\n2. d\n\nA. Smith wrote\nit all."},
		"definition":             {"term\n  what it means\n\nother\n  too", "term: what it means\nother: too"},
		"code":                   {".. code-block:: go\n   :linenos:\n\n   x := 1\n\nafter", "```\nx := 1\n```\n\nafter"},
		"note":                   {".. note:: take *care*\n   of it\n\n   - one", "Note: take care of it\n\n- one"},
		"left out":               {".. image:: x.png\n   :alt: y\n\n.. include:: /etc/passwd\n\n.. a comment\n   on two lines\n\n.. _target:\n\ntext", "text"},
		"simple table":           {"== ===\na  b c\n== ===\nd  e\n   f\n== ===\n\nx", "| a | b c |\n| --- | --- |\n| d | e f |\n\nx"},
		"grid table":             {"+---+---+\n| a | b |\n+===+===+\n| c     |\n+---+---+\n| d | e |\n|   | f |\n+---+---+\n", "| a | b |\n| --- | --- |\n| c | |\n| d | e f |"},
		"list table":             {".. list-table:: cap\n   :header-rows: 1\n\n   * - a\n     - b\n   * - c\n     -\n", "cap\n\n| a | b |\n| --- | --- |\n| c | |"},
		"csv table":              {".. csv-table::\n   :header: \"a\", \"b\"\n\n   1, \"x, y\"\n", "| a | b |\n| --- | --- |\n| 1 | x, y |"},
		"footnote":               {"a [#n]_\n\n.. [#n] the note\n   goes on", "a [^n]\n\n[^n]: the note goes on"},
		"transition and a quote": {"a\n\n----\n\n  quoted\n\nb", "a\n\nquoted\n\nb"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, textOf(t, "a.rst", tt.in).Text); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAsciiDoc(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"marks":       {"a *b* _c_ `d` **e**f http://x[g] <<h,i>> link:j[k^] image:l.png[m] {n} footnote:[o _p_]", "a b c `d` ef g i k  {n} [^1]\n\n[^1]: o p"},
		"attributes":  {":who: World\n:all: all of {who}\n\nHello {all}, {nobody}", "Hello all of World, {nobody}"},
		"conditions":  {":a:\n\nifdef::a[]\nyes\nendif::[]\n\nifndef::a[]\nno\nifdef::a[]\nno\nendif::[]\nendif::[]\n\nifdef::b[never]\nend", "yes\n\nend"},
		"left out":    {"// remark\n\ninclude::/etc/passwd[]\n\nimage::x.png[]\n\n////\nall\nthis\n////\ntext", "text"},
		"lists":       {"* a\ngoes on\n** b\n. c\nterm:: what\nother::\n  too\n+\nmore", "- a goes on\n- b\n- c\nterm: what\nother: too\n\nmore"},
		"blocks":      {"[source,go]\n----\nx := 1\n----\n\n....\n*y*\n....\n\n[NOTE]\n====\ntake care\n====\n\n[quote,Ann]\n____\nsaid\n____", "```\nx := 1\n```\n\n```\n*y*\n```\n\nNOTE: take care\n\nsaid\n\n— Ann"},
		"never ended": {"----\ncode", "```\ncode\n```"},
		"literal":     {" indented\n code\n\ntext +\nbroken", "```\n indented\n code\n```\n\ntext\nbroken"},
		"table":       {"[%header,cols=\"2*\"]\n|===\n|a |b\n\n|c\n|d \\| e\n2+|f\n.2+|g |h\n|i\n|===", "| a | b |\n| --- | --- |\n| c | d \\| e |\n| f | |\n| g | h |\n| | i |"},
		"csv":         {",===\na,\"b, c\"\n,===", "| a | b, c |\n| --- | --- |"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, textOf(t, "a.adoc", tt.in).Text); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMarkupSaysWhatItIs(t *testing.T) {
	tests := map[string]struct{ name, in string }{
		"docinfo":         {"a.rst", "Title\n=====\n\n:Author: Ann\n:Date: 2024-03-18\n\ntext"},
		"Python proposal": {"a.rst", "PEP: 1\nTitle: Title\nAuthor: Ann\nCreated: 2024-03-18\n\ntext"},
		"AsciiDoc":        {"a.adoc", "= Title\nAnn\nv1, 2024-03-18\n:x: y\n\ntext"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := newRegistry(t, extract.Options{}).Extract(t.Context(), ingest.Input{Name: tt.name, Data: []byte(tt.in)})
			if err != nil || got.Title != "Title" || got.Metadata["author"] != "Ann" || got.Metadata["date"] != "2024-03-18" {
				t.Errorf("title %q, fields %v, %v", got.Title, got.Metadata, err)
			}
		})
	}
}

func FuzzReStructuredText(f *testing.F) {
	fuzz(f, "a.rst", "A\n=\n\n:f: x\n\n- b\n\n  c::\n\n    d\n\n.. note:: e\n\n   f\n\n.. [1] g", "== ==\na  b\n== ==\nc  d\n== ==\n", "+-+-+\n|a|b|\n+=+=+\n|c  |\n+-+-+",
		".. list-table::\n\n   * - a\n     - b\n", ".. csv-table::\n\n   \"a\n", "a\n b\n  c\n   d\n", "|x|_ `a`__ ``b`` \\ *c*")
}

func FuzzAsciiDoc(f *testing.F) {
	fuzz(f, "a.adoc", "= A\nB\n:c: d\n\n== E\n\n* f\n** g\nh:: i\n\n[source]\n----\nj\n----\n", "|===\n|a 2+|b\n\n.2+|c |d\n3*|e\n|===", ",===\na,\"b\n,===", "ifdef::a[]\nb\nendif::[]\nendif::[]",
		"____\n====\n****\nx", "footnote:[a] <<b>> http://c[d] *e* {f} ((g))")
}
