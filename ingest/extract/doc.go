// Package extract turns the bytes of a document into text with structure. One table says
// which formats there are; each has a file of its own.
//
// The text is one dialect whatever the source: Markdown for the block structure
// (headings, lists, tables, code fences), plain text within a line. Structure is kept
// because models and people read it and chunks are cut along it. Emphasis marks and link
// targets are not: passages are quoted word for word in places that render no Markdown,
// and both split words and fill embeddings with what nobody asks for.
//
// Documents are hostile until shown otherwise. Every format is bounded in input, output,
// nesting, entries and time; nothing external is ever loaded; a panic of a parser is that
// document's failure.
package extract
