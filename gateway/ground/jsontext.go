package ground

import "bytes"

// maxOpening is how much of an answer's start may be needed to tell data from prose.
const maxOpening = 256

// opensJSON reports whether a text is JSON by how it starts: an object, an array of
// objects, strings or arrays, or nothing but an array of several numbers. An answer may
// well start with a marker, so one number in brackets is never taken for JSON, nor are
// several with words behind them.
func opensJSON(b []byte, final bool) outcome {
	whole := len(b) >= maxOpening
	b = skipBlanks(b[:min(len(b), maxOpening)])
	is := needMore
	if len(b) > 0 {
		is = noMatch
		switch b[0] {
		case '{':
			is = startsWith(b[1:], `"}`)
		case '[':
			is = opensArray(b, final && !whole)
		}
	}
	if is == needMore && (final || whole) {
		return noMatch
	}
	return is
}

func opensArray(b []byte, final bool) outcome {
	m, what := parseMarker(b)
	switch {
	case what == needMore:
		return needMore
	case what == match && (m.form != square || m.open > 1 || m.ranged || m.n == 1):
		return noMatch
	case what == match && len(skipBlanks(b[m.size:])) > 0:
		return noMatch
	case what == match && final:
		return match
	case what == match:
		return needMore
	}
	inner := skipBlanks(b[1:])
	if len(inner) > 0 && inner[0] == '[' {
		return startsWith(inner[1:], `"[{]-0123456789`)
	}
	return startsWith(inner, `"{`)
}

// startsWith reports whether the first byte that is no blank is one of chars.
func startsWith(b []byte, chars string) outcome {
	b = skipBlanks(b)
	switch {
	case len(b) == 0:
		return needMore
	case bytes.IndexByte([]byte(chars), b[0]) >= 0:
		return match
	}
	return noMatch
}

func skipBlanks(b []byte) []byte { return bytes.TrimLeft(b, " \t\r\n") }
