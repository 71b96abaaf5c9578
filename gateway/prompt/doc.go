// Package prompt words what goes into a request: a [Profile]'s instructions, which stay the
// same, and with each message its variables, its examples and the retrieved sources, fenced
// as data that must not be taken for instructions.
//
// It is pure: the same input gives the same bytes.
package prompt
