// Package text turns text into the terms of a lexical index, and into sentences.
//
// Every lexical index of ragway uses it for documents and for queries alike, so that a
// term found in one is spelled the same in the other. It depends on nothing but its
// input and the language named: equal input gives equal terms on every machine.
//
// Terms of one text, in order:
//
//   - Words are those of UAX #29 after NFKC normalisation, case folded and stemmed by the
//     Snowball stemmer of the language. Words in another script than the language's own
//     are stemmed by the most common language of their script.
//   - Identifiers are kept whole and split: ERR_CONN_RESET is err_conn_reset, err, conn
//     and reset; HttpServer is httpserver, http and server; ISO-27001 is iso-27001, iso
//     and 27001; v1.2.3 is v1.2.3 and 1.2.3. Numbers lose their grouping: 1,000 is 1000.
//   - Han and kana are cut into overlapping pairs, with each ideograph besides; Hangul
//     words into pairs of syllables; Thai, Lao, Khmer and Burmese into overlapping
//     triples: none of these scripts marks the boundaries that a searcher's words have.
//
// Measured with BM25 (k1 1.2, b 0.75) over title and text:
//
//   - SciFact, English: nDCG@10 .687. With stop words indexed, and left out of queries
//     only, .689 and hit@10 .837 instead of .843, for 16 % more postings: they are not
//     indexed, and a query of nothing but stop words has no terms.
//   - ARCD, Arabic, in a collection set to English: nDCG@10 .828, and .722 without the
//     stems that the script suggests.
//   - CMRC 2018, Chinese: hit@1 .970.
package text
