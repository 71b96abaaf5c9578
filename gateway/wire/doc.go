// Package wire reads and edits the bodies of model APIs as bytes: JSON requests and
// replies, and server-sent event streams.
//
// A body is walked once and never re-encoded. What a caller wants changed becomes an
// [Edit], a splice of bytes; everything outside the splices, member order, unknown
// members, the spelling of numbers and white space included, is what came in.
//
// A [Protocol] is one way of talking to a model, behind one interface. Each has its own
// files, named for it: PROTOCOL.go for requests, PROTOCOL_reply.go for whole answers,
// PROTOCOL_stream.go for streams and PROTOCOL_compose.go for answers made here. What they
// share is in request.go, reply.go and protocol.go.
package wire
