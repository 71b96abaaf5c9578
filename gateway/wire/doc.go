// Package wire reads and edits the bodies of model APIs as bytes: JSON requests and
// replies, and server-sent event streams.
//
// A body is walked once and never re-encoded. What a caller wants changed becomes an
// [Edit], a splice of bytes; everything outside the splices, member order, unknown
// members, the spelling of numbers and white space included, is what came in.
//
// Each protocol has its own files. Those of OpenAI chat completions are chat.go and
// inject.go for requests, reply.go for whole replies, chunk.go and compose.go for streams.
package wire
