// Package upstream holds the implementations of gateway.Upstream: [HTTP], a model server
// that speaks OpenAI's API, and [Extractive], which needs none and answers by quoting.
package upstream
