// Package eval measures rankings against relevance judgments, exactly as trec_eval 10 does:
// nDCG with linear and with exponential gain, recall, reciprocal rank, hits, precision and
// average precision, a figure a query and their mean. It compares two runs query by query,
// reads BEIR folders and lists of questions, and reads and writes TREC runs and judgments.
// It knows nothing of how a ranking was made.
//
// What trec_eval does at the edges, and so this package:
//
//   - A ranking is ordered by score, highest first, and equal scores by document ID, highest
//     first in byte order. The rank column and the order of lines mean nothing. See [Order].
//   - A grade above zero is relevant. A document not judged, or with a grade below zero, is
//     not; it keeps its rank.
//   - A judged query without a relevant document has 0 for every measure, and counts in the
//     mean.
//   - A judged query that the run does not hold counts as 0, as with trec_eval -c, the mode
//     TREC's own figures are made with. Without -c, trec_eval 9 and pytrec_eval leave such a
//     query out, and trec_eval 10 ends with an error.
//   - A query of the run that is not judged is left out.
//   - A document judged or ranked twice for one query is an error.
package eval
