// Package ground finds the citations in a model's answer and checks them.
//
// It is pure: text in, text and offsets out. [Citer] works on a stream, whatever pieces
// the text comes in.
package ground
