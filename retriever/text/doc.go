// Package text turns text into the terms of a lexical index, and into sentences.
//
// Every lexical index of ragway uses it for documents and for queries alike, so that a
// term found in one is spelled the same in the other. It depends on nothing but its
// input and the language named: equal input gives equal terms on every machine.
//
// Terms of one text, in order:
//
//   - Words are those of UAX #29 after NFKC normalisation, without signs that are not seen
//     (soft hyphens, zero-width spaces), case folded and stemmed by the Snowball stemmer of
//     the language. Words in another script than the language's own are stemmed by the most
//     common language of their script. Accents are dropped where people leave them out:
//     of Latin words in English, French, Italian, Irish, Portuguese and Romanian, and of
//     Greek, Hebrew and Arabic. German ae is ä and ß is ss; in Turkish, İ is i and I is ı
//     for the stemmer, and then both are i, so that ASCII names agree with themselves.
//   - Identifiers are kept whole and split: ERR_CONN_RESET is err_conn_reset, err, conn
//     and reset; HttpServer is httpserver, http and server; ISO-27001 is iso-27001,
//     iso27001, iso and 27001; v1.2.3 is v1.2.3 and 1.2.3; paths and addresses are found by
//     each of their parts. C++, C#, .NET and R&D are terms.
//   - Numbers lose their grouping and have a decimal point: 1,234.56, 1.234,56 and
//     1 234,56 are 1234.56. What may be either (1.234) is both. Digits are ASCII ones.
//   - Han and kana are cut into overlapping pairs, with each ideograph besides; Hangul
//     words into pairs of syllables; Thai, Lao, Khmer and Burmese into overlapping
//     triples: none of these scripts marks the boundaries that a searcher's words have.
//     Traditional and simplified Chinese stay apart.
//   - Emoji are terms, without the tone of their skin.
//
// Documents have stop words; queries have them where they have nothing else.
//
// Measured with BM25 (k1 1.2, b 0.75) over title and text, nDCG@10; the tests repeat it:
//
//   - SciFact, English: .701; .696 without the joined spelling of hyphenated words, .695
//     without the letters and digits of words that mix them. Stop words in documents cost
//     17 % more postings and change little (.700 without).
//   - Questions to reports and to a speech: .624 and .804; .576 and .783 without question
//     words as stop words.
//   - ARCD, Arabic: .843 (hit@1 .703). CMRC 2018, Chinese: .991 (hit@1 .981).
//   - With "auto", SciFact .691, ARCD .838, CMRC .992, for 1.5 times the postings in
//     English, 1.7 times in Arabic.
//   - Titles and headings indexed twice: SciFact .709, questions to articles with headings
//     .843 instead of .837. Three times is no better.
package text
