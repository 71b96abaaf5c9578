// Package ground finds the citations in a model's answer, checks them, and puts them into
// the form that the client shows; and it takes hidden reasoning out.
//
// It is pure: text in, text and offsets out. [Hider] and [Citer] work on a stream, whatever
// pieces the text comes in: what the one returns is fed to the other.
package ground
