// Package prompt words what goes into a request: stable instructions, and the retrieved
// sources fenced as data that must not be taken for instructions.
//
// It is pure: the same input gives the same bytes.
package prompt
