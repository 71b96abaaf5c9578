// Package gateway is ragway's HTTP server: an OpenAI-compatible API that grounds every
// answer in the operator's documents.
//
// A chat request passes through stages, one file each:
//
//	authenticate ▶ decode ▶ understand ▶ retrieve ▶ inject ▶ forward ▶ ground ▶ answer
//
// The bytes of the client's request are spliced, never re-marshalled (gateway/wire); the
// context that goes in is fenced and budgeted (gateway/prompt); citations in the answer
// are checked and given offsets (gateway/ground). Model servers sit behind [Upstream].
package gateway
