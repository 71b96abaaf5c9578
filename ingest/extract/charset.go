package extract

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// decode returns data as UTF-8: by byte order mark, else as UTF-8 if it is, else by the
// declared name, else by what the bytes look like. Bytes without meaning become U+FFFD.
func decode(data []byte, declared string) string {
	switch {
	case bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}):
		return string(data[3:])
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE, 0, 0}):
		return fromUTF32(data[4:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte{0, 0, 0xFE, 0xFF}):
		return fromUTF32(data[4:], binary.BigEndian)
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		return fromUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		return fromUTF16(data[2:], binary.BigEndian)
	}
	if order := bareUTF16(data); order != nil {
		return fromUTF16(data, order)
	}
	if enc := guess(data, declared); enc != nil {
		if out, err := enc.NewDecoder().Bytes(data); err == nil {
			return string(out)
		}
	}
	return string(data)
}

// Encoding is what text that begins with sample is encoded in, nil for UTF-8. The same
// bytes give the same encoding.
func Encoding(sample []byte) encoding.Encoding { return guess(sample, "") }

// guess returns the encoding of data, nil for UTF-8.
func guess(data []byte, declared string) encoding.Encoding {
	escaped := bytes.Contains(data, []byte("\x1b$")) // ISO-2022: valid ASCII, and yet not
	if mostlyUTF8(data) && !escaped {
		return nil
	}
	if enc, _ := charset.Lookup(declared); enc != nil && plausible(enc, data) {
		return enc
	}
	sample := data[:min(len(data), 64<<10)]
	if thai(sample) {
		return mustEncoding("windows-874")
	}
	results, err := chardet.NewTextDetector().DetectAll(sample)
	if err != nil {
		return mustEncoding("windows-1252")
	}
	rank(results, sample)
	for _, r := range results {
		enc, err := htmlindex.Get(webName(r.Charset))
		if err == nil && plausible(enc, sample) {
			return enc
		}
	}
	return mustEncoding("windows-1252")
}

// rank orders what the detector found. It tries its encodings at once and has equals in
// the order of their arrival: of those, the one in whose text the signs are the more
// common ones comes first.
func rank(results []chardet.Result, sample []byte) {
	common := map[string]float64{}
	for i, r := range results {
		tied := i > 0 && results[i-1].Confidence == r.Confidence || i+1 < len(results) && results[i+1].Confidence == r.Confidence
		if enc, err := htmlindex.Get(webName(r.Charset)); err == nil && tied {
			common[r.Charset] = commonness(enc, sample)
		}
	}
	slices.SortFunc(results, func(a, b chardet.Result) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(common[b.Charset], common[a.Charset]), cmp.Compare(a.Charset, b.Charset))
	})
}

// repertoires are character sets of East Asia. Signs that many of them have are those that
// are in use; text that is decoded wrongly is full of signs that one of them has.
var repertoires = []encoding.Encoding{japanese.ShiftJIS, simplifiedchinese.HZGB2312, traditionalchinese.Big5, korean.EUCKR}

// commonness is how many repertoires have a sign of the text beyond ASCII, on average.
func commonness(enc encoding.Encoding, data []byte) float64 {
	text, err := enc.NewDecoder().Bytes(data[:min(len(data), 4<<10)])
	if err != nil {
		return 0
	}
	signs, have := 0, 0
	for _, r := range string(text) {
		if r < utf8.RuneSelf {
			continue
		}
		signs++
		for _, set := range repertoires {
			if _, err := set.NewEncoder().String(string(r)); err == nil {
				have++
			}
		}
	}
	return float64(have) / float64(max(signs, 1))
}

// webName is the name under which the WHATWG index knows what ICU calls so.
func webName(icu string) string {
	switch icu {
	case "GB-18030":
		return "gb18030"
	case "ISO-8859-1": // what claims to be Latin-1 is Windows-1252, which contains it
		return "windows-1252"
	}
	return icu
}

func mustEncoding(name string) encoding.Encoding {
	enc, _ := charset.Lookup(name)
	return enc
}

// mostlyUTF8 forgives a few broken bytes in text that is UTF-8 otherwise.
func mostlyUTF8(data []byte) bool {
	good, bad := 0, 0
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		i += n
	}
	return bad == 0 || good > 20*bad
}

// plausible reports whether data decodes with hardly a sign out of place.
func plausible(enc encoding.Encoding, data []byte) bool {
	out, err := enc.NewDecoder().Bytes(data)
	if err != nil {
		return false
	}
	wrong, all := 0, 0
	for _, r := range string(out) {
		all++
		if r == utf8.RuneError || unicode.Is(unicode.Cc, r) && !unicode.IsSpace(r) {
			wrong++
		}
	}
	return wrong*200 <= all
}

// thai recognises TIS-620, which the detector does not know: nearly all high bytes are
// letters and marks of its block, and words are longer than in any other script because
// nothing stands between them.
func thai(data []byte) bool {
	high, letters, lead := 0, 0, 0
	for i, c := range data {
		if c < 0x80 {
			continue
		}
		high++
		if c >= 0xA1 && c <= 0xDA || c >= 0xDF && c <= 0xFB {
			letters++
		}
		// A vowel that is written before its consonant, with a consonant after it.
		if c >= 0xE0 && c <= 0xE4 && i+1 < len(data) && data[i+1] >= 0xA1 && data[i+1] <= 0xCE {
			lead++
		}
	}
	vowels := bytes.Count(data, []byte{0xD2}) + bytes.Count(data, []byte{0xC3}) // sara aa, ro ruea
	return high > 20 && letters*100 >= high*99 && lead*100 >= high*5 && vowels*100 >= high*7
}

// bareUTF16 recognises UTF-16 without a mark by where the zero bytes of ASCII signs are.
func bareUTF16(data []byte) binary.ByteOrder {
	sample := data[:min(len(data)&^1, 4096)]
	if len(sample) < 4 {
		return nil
	}
	even, odd := 0, 0
	for i := 0; i < len(sample); i += 2 {
		if sample[i] == 0 {
			even++
		}
		if sample[i+1] == 0 {
			odd++
		}
	}
	half := len(sample) / 2
	switch {
	case odd*10 > half*4 && even*50 < half:
		return binary.LittleEndian
	case even*10 > half*4 && odd*50 < half:
		return binary.BigEndian
	}
	return nil
}

func fromUTF16(data []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}

func fromUTF32(data []byte, order binary.ByteOrder) string {
	runes := make([]rune, len(data)/4)
	for i := range runes {
		runes[i] = rune(order.Uint32(data[4*i:]) & 0x7FFFFFFF)
	}
	return string(runes)
}

// isBinary reports whether data is no text in any encoding: control bytes beyond what text
// and terminals use make up more than one in twenty. Noise has twice that.
func isBinary(data []byte) bool {
	sample := data[:min(len(data), 8<<10)]
	if bytes.HasPrefix(sample, []byte{0xFF, 0xFE}) || bytes.HasPrefix(sample, []byte{0xFE, 0xFF}) ||
		bytes.HasPrefix(sample, []byte{0, 0, 0xFE, 0xFF}) || bareUTF16(sample) != nil {
		return false
	}
	control := 0
	for _, c := range sample {
		if c < 0x20 && (c < '\t' || c > '\r') && c != 0x1b || c == 0x7f {
			control++
		}
	}
	return control*20 > len(sample)
}
