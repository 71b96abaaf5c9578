// Package eval measures rankings against relevance judgments, as trec_eval does: nDCG with
// linear gain, recall, reciprocal rank and hits, each at a cutoff. It reads BEIR folders
// and lists of questions, and writes TREC runs. It knows nothing of how the ranking was
// made.
package eval
