// Package chunk cuts an extracted text into retrievable passages.
//
// A text is first cut into units: its blocks, and where a block is over the bound its
// rows, lines, sentences, words, and as a last resort runs of runes. Units gather in
// sections, one a heading; a section takes in its subsections as long as all fits, and
// small neighbours merge, because a passage of a line or two carries too little to be
// found by. What is still over the bound is split evenly, at unit ends.
//
// It is pure and deterministic: the same text and options give the same chunks.
package chunk
