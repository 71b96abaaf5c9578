// Command bench measures what a gateway in front of a model server adds: to latency, to the
// first token of a stream, and in processor time and memory. ragway serve stands next to
// nginx, httputil.ReverseProxy, and gin with encoding/json, in one run.
//
// Requests are sent at a constant rate, whatever becomes of those before (an open loop), and
// latency counts from when a request was due, so that a stall is not hidden by the requests
// that it kept from being sent. Targets take turns within each round, and each figure is the
// median of the rounds: noise of the machine meets all alike.
//
// Everything listens on loopback. Proxies and the model server are processes of their own.
package main
