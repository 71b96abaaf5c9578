package wire

import "strconv"

// Annotation is a url_citation. Start and End are character (code point) offsets into the
// whole text of the choice, of the marker that cites.
type Annotation struct {
	Start, End int
	URL        string
	Title      string
}

// appendAnnotations appends the elements of an annotations array, without its brackets.
func appendAnnotations(dst []byte, annotations []Annotation) []byte {
	for i, a := range annotations {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"type":"url_citation","url_citation":{"start_index":`...)
		dst = strconv.AppendInt(dst, int64(a.Start), 10)
		dst = append(dst, `,"end_index":`...)
		dst = strconv.AppendInt(dst, int64(a.End), 10)
		dst = append(dst, `,"url":`...)
		dst = AppendString(dst, a.URL)
		dst = append(dst, `,"title":`...)
		dst = append(AppendString(dst, a.Title), "}}"...)
	}
	return dst
}
