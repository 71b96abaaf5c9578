package ground

// Verdict says how far an answer's claims are covered by its sources; a closed set, used
// as a metric label.
type Verdict string

const (
	Grounded   Verdict = "grounded"   // every claim is covered
	Partly     Verdict = "partly"     // some are
	Ungrounded Verdict = "ungrounded" // none is
	NoClaims   Verdict = "no_claims"  // nothing in it could be covered
	Unchecked  Verdict = "unchecked"  // nobody looked
)

// Verdicts lists all of them.
var Verdicts = []Verdict{Grounded, Partly, Ungrounded, NoClaims, Unchecked}
