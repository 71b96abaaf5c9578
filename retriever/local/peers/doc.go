// Command peers measures ragway's embedded store beside other embedded search engines, on
// the same generated corpus in one run, and prints a table.
//
// It is a module of its own, so that the project does not depend on its peers. Each system
// is loaded by one process and asked by another, so that memory and opening are those of a
// process that has just started. Loading and opening may use every core; queries run one
// after the other with GOMAXPROCS 1. Data that is complete is used again.
//
// The figures are held to what they claim: right answers come from comparing every query
// with every document, and a run fails when ragway's BM25 list is not exactly that.
package main
