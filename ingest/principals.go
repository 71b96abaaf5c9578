package ingest

import "slices"

// Nobody is a principal that no caller has. It closes the stored version of a document
// whose access list cannot be read any more.
const Nobody = "nobody:acl-unreadable"

// inBoth are the principals that two access lists share, or Nobody. An empty list is
// everyone.
func inBoth(a, b []string) []string {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	var both []string
	for _, p := range a {
		if slices.Contains(b, p) {
			both = append(both, p)
		}
	}
	if both == nil {
		return []string{Nobody}
	}
	return both
}
