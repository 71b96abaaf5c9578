package ground

// Verdict says how far an answer's claims are covered by its sources; a closed set, used
// as a metric label.
type Verdict string

// Unchecked means that nobody looked.
const Unchecked Verdict = "unchecked"
