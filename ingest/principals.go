package ingest

import (
	"fmt"
	"slices"
	"strings"
)

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

// ParseACL reads a list of principals from a decoded value: a list of strings, or one
// string with commas between them. A principal is "user:NAME" or "group:NAME". nil is no
// list at all: everyone of the tenant may read. Anything else, an empty list included, is
// an error: a list that cannot be understood must never become a public document.
func ParseACL(v any) ([]string, error) {
	var names []string
	switch l := v.(type) {
	case nil:
		return nil, nil
	case string:
		names = strings.Split(l, ",")
	case []string:
		names = l
	case []any:
		for _, e := range l {
			s, ok := e.(string)
			if !ok {
				return nil, fmt.Errorf("acl holds a value of type %T, want a principal", e)
			}
			names = append(names, s)
		}
	default:
		return nil, fmt.Errorf("acl of type %T, want a list of principals", v)
	}
	acl := make([]string, 0, len(names))
	for _, n := range names {
		n = strings.TrimSpace(n)
		kind, who, _ := strings.Cut(n, ":")
		if (kind != "user" && kind != "group") || who == "" {
			return nil, fmt.Errorf("acl principal %q, want user:NAME or group:NAME", n)
		}
		acl = append(acl, n)
	}
	if len(acl) == 0 {
		return nil, fmt.Errorf("acl is empty; leave it out where everyone may read")
	}
	slices.Sort(acl)
	return slices.Compact(acl), nil
}
