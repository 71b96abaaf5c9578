package retriever

import (
	"fmt"
	"slices"
	"strings"
)

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
