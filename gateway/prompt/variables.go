package prompt

import (
	"slices"
	"strings"
	"time"
)

// Values are what is known of a request. Which of them the model is told is the profile's
// choice. None of them is trusted.
type Values struct {
	Now    time.Time
	Locale string // BCP 47, e.g. de-CH
	User   string
	Tenant string
	Groups []string
}

// maxValue bounds a value in characters.
const maxValue = 300

// variables are lines of name and value. They belong to the volatile text: a date at the
// start would cost every conversation its cached prefix at midnight, and a user's name
// would keep users from sharing one. The date has no time of day, so that the requests of
// a tool loop stay the same.
func (o Options) variables() string {
	var b strings.Builder
	for _, name := range o.Profile.Variables {
		value := oneLine(neutral(o.Variables.of(name, o.Profile.Zone), o.Nonce))
		if value = firstRunes(value, maxValue); value != "" {
			b.WriteString(string(name) + ": " + value + "\n")
		}
	}
	return under(variablesFound, b.String())
}

func (v Values) of(name Variable, zone *time.Location) string {
	switch name {
	case DateVariable:
		if v.Now.IsZero() {
			return ""
		}
		return v.Now.In(zone).Format("2006-01-02 (Monday)")
	case LocaleVariable:
		return v.Locale
	case UserVariable:
		return v.User
	case TenantVariable:
		return v.Tenant
	case GroupsVariable:
		return strings.Join(slices.Sorted(slices.Values(v.Groups)), ", ")
	}
	return ""
}

// firstRunes is s cut to at most n characters.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
