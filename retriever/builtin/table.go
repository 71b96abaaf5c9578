package builtin

import (
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

//go:embed static-minilm-256-i4.rwse
var file string

// table is a parsed RWSE file of 4-bit rows. It is read-only.
type table struct {
	name string
	id   string   // SHA-256 of the rows, hex
	rows string   // [n × dim/2] bytes, row-major; two 4-bit values each, low nibble first, +8
	step []uint32 // each row's scale, in units of unit
	unit float64
	vocab
	fold map[rune]string // simple lower-casing where it differs from unicode.ToLower, accents gone
}

type header struct {
	Format     string            `json:"format"`
	Name       string            `json:"name"`
	Dim        int               `json:"dim"`
	Rows       int               `json:"rows"`
	Bits       int               `json:"bits"`
	DataOffset int               `json:"data_offset"`
	Sections   map[string][2]int `json:"sections"`
	SHA256     map[string]string `json:"sha256"`
}

// parse reads an RWSE file, checks every section against its hash and builds the look-up
// structures; all of it takes about 10 ms.
func parse(data string) (*table, error) {
	h, err := parseHeader(data)
	if err != nil {
		return nil, err
	}
	section := map[string]string{}
	for _, name := range []string{"vocab", "scale", "rows", "fold"} {
		if section[name], err = h.section(data, name); err != nil {
			return nil, err
		}
	}
	if len(section["rows"]) != h.Rows*h.Dim/2 || len(section["scale"]) != 4*h.Rows {
		return nil, fmt.Errorf("%d rows of %d: section sizes differ", h.Rows, h.Dim)
	}
	t := &table{name: h.Name, id: h.SHA256["rows"], rows: section["rows"]}
	if t.vocab, err = newVocab(section["vocab"], h.Rows); err != nil {
		return nil, err
	}
	if t.step, t.unit, err = steps(section["scale"]); err != nil {
		return nil, err
	}
	t.step[t.unknown] = 0
	t.fold, err = parseFold(section["fold"])
	return t, err
}

func parseHeader(data string) (h header, err error) {
	const prefix = 12
	if len(data) < prefix || data[:4] != "RWSE" {
		return h, errors.New("not an RWSE file")
	}
	if v := binary.LittleEndian.Uint32([]byte(data[4:8])); v != 1 {
		return h, fmt.Errorf("RWSE version %d, want 1", v)
	}
	n := int64(binary.LittleEndian.Uint32([]byte(data[8:12])))
	if n > int64(len(data)-prefix) {
		return h, fmt.Errorf("header of %d bytes in a file of %d", n, len(data))
	}
	if err := json.Unmarshal([]byte(data[prefix:prefix+n]), &h); err != nil {
		return h, fmt.Errorf("header: %w", err)
	}
	if h.Format != "rwse" || h.Bits != 4 || h.Dim != Dimension || h.Rows <= 0 || h.DataOffset < prefix || h.DataOffset > len(data) {
		return h, fmt.Errorf("header: %s of %d × %d at %d bits", h.Format, h.Rows, h.Dim, h.Bits)
	}
	return h, nil
}

// section returns one section of data after checking its hash.
func (h header) section(data, name string) (string, error) {
	at, ok := h.Sections[name]
	body := data[h.DataOffset:]
	if !ok || at[0] < 0 || at[1] < 0 || at[0] > len(body) || at[1] > len(body)-at[0] {
		return "", fmt.Errorf("section %s: missing or outside the file", name)
	}
	s := body[at[0] : at[0]+at[1]]
	hash := sha256.New()
	hash.Write(unsafeBytes(s))
	if got := hex.EncodeToString(hash.Sum(nil)); got != h.SHA256[name] {
		return "", fmt.Errorf("section %s: damaged: its SHA-256 is %s", name, got)
	}
	return s, nil
}

// steps turns the scales into whole multiples of a unit, so that rows add up in integers;
// see sum. The unit is the largest scale over maxStep.
func steps(section string) ([]uint32, float64, error) {
	scales := make([]float64, len(section)/4)
	largest := 0.0
	for i := range scales {
		s := float64(math.Float32frombits(binary.LittleEndian.Uint32(unsafeBytes(section[4*i : 4*i+4]))))
		if !(s >= 0) || math.IsInf(s, 0) {
			return nil, 0, fmt.Errorf("scale of row %d is %v", i, s)
		}
		scales[i] = s
		largest = max(largest, s)
	}
	unit := largest / maxStep
	out := make([]uint32, len(scales))
	for i, s := range scales {
		out[i] = uint32(math.Round(s / unit))
	}
	return out, unit, nil
}

func parseFold(section string) (map[rune]string, error) {
	m := make(map[rune]string, 2048)
	for line := range strings.SplitSeq(section, "\n") {
		if line == "" {
			continue
		}
		from, to, ok := strings.Cut(line, "\t")
		r, n := utf8.DecodeRuneInString(from)
		if !ok || n != len(from) {
			return nil, fmt.Errorf("fold: line %q", line)
		}
		m[r] = to
	}
	return m, nil
}
