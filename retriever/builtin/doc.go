// Package builtin is the embedder that needs no server and no network: a static table of
// token vectors, embedded in the binary. A text is cut into word pieces, their vectors are
// added, and the sum is scaled to unit length; word order plays no part.
//
// FORMAT.md says what the file holds and how a text is cut, NOTICE.md where it comes from.
// The table knows Latin and Greek script: a text in another has no embedding (nil), and is
// found by its words alone.
package builtin
