package extract_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"ragway/ingest"
	"ragway/ingest/extract"
)

// compound writes a compound file [MS-CFB] of streams below the root. Each is padded to
// the size from which streams have sectors of their own, as its entry says.
func compound(streams map[string][]byte, names []string) []byte {
	const sector, cutoff = 512, 4096
	u32 := binary.LittleEndian.AppendUint32
	var fat []uint32
	var content bytes.Buffer
	start := map[string]uint32{}
	for _, name := range names {
		data := append(streams[name], make([]byte, max(0, cutoff-len(streams[name])))...)
		data = append(data, make([]byte, (sector-len(data)%sector)%sector)...)
		start[name] = uint32(len(fat))
		for n := len(data) / sector; n > 0; n-- {
			next := uint32(len(fat)) + 1
			if n == 1 {
				next = 0xFFFFFFFE
			}
			fat = append(fat, next)
		}
		content.Write(data)
	}
	directory := uint32(len(fat))
	var dir bytes.Buffer
	entry := func(name string, kind byte, left, right, child, first, size uint32) {
		raw := make([]byte, 128)
		for i, u := range utf16.Encode([]rune(name)) {
			binary.LittleEndian.PutUint16(raw[2*i:], u)
		}
		binary.LittleEndian.PutUint16(raw[64:], uint16(2*len(utf16.Encode([]rune(name)))+2))
		raw[66], raw[67] = kind, 1
		binary.LittleEndian.PutUint32(raw[68:], left)
		binary.LittleEndian.PutUint32(raw[72:], right)
		binary.LittleEndian.PutUint32(raw[76:], child)
		binary.LittleEndian.PutUint32(raw[116:], first)
		binary.LittleEndian.PutUint32(raw[120:], size)
		dir.Write(raw)
	}
	const none = 0xFFFFFFFF
	entry("Root Entry", 5, none, none, 1, 0xFFFFFFFE, 0)
	for i, name := range names { // a chain of right siblings is a tree, too
		right := uint32(i + 2)
		if i == len(names)-1 {
			right = none
		}
		entry(name, 2, none, right, none, start[name], uint32(max(cutoff, len(streams[name]))))
	}
	dir.Write(make([]byte, (sector-dir.Len()%sector)%sector))
	for n := dir.Len() / sector; n > 0; n-- {
		next := uint32(len(fat)) + 1
		if n == 1 {
			next = 0xFFFFFFFE
		}
		fat = append(fat, next)
	}
	fatAt := uint32(len(fat))
	fat = append(fat, 0xFFFFFFFD)
	for len(fat) < 128 {
		fat = append(fat, 0xFFFFFFFF)
	}
	head := append([]byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}, make([]byte, 16)...)
	head = append(head, 0x3E, 0, 3, 0, 0xFE, 0xFF, 9, 0, 6, 0)
	head = append(head, make([]byte, 6)...)
	for _, v := range []uint32{0, 1, directory, 0, cutoff, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, fatAt} {
		head = u32(head, v)
	}
	for len(head) < sector {
		head = append(head, 0xFF)
	}
	out := append(head, content.Bytes()...)
	out = append(out, dir.Bytes()...)
	for _, v := range fat {
		out = u32(out, v)
	}
	return out
}

func wide(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

// outlook is a small message, with its body in a Windows code page.
func outlook(testing.TB) string {
	table := make([]byte, 32)
	table = append(table, 3, 0, 0xFD, 0x3F, 6, 0, 0, 0, 0xE3, 4, 0, 0, 0, 0, 0, 0)                      // code page 1251
	table = append(table, 0x40, 0, 0x39, 0, 6, 0, 0, 0, 0x00, 0x80, 0x3E, 0xD5, 0xDE, 0xB1, 0x9D, 0x01) // 1970-01-01
	body := append([]byte("\xcf\xf0\xe8\xe2\xe5\xf2, 41 cars."), bytes.Repeat([]byte{0}, 8)...)
	return string(compound(map[string][]byte{
		"__properties_version1.0": table,
		"__substg1.0_0037001F":    wide("Weekly figures"),
		"__substg1.0_0C1A001F":    wide("Ann"),
		"__substg1.0_1000001E":    body,
	}, []string{"__properties_version1.0", "__substg1.0_0037001F", "__substg1.0_0C1A001F", "__substg1.0_1000001E"}))
}

func TestOutlookMessageInItsCodePage(t *testing.T) {
	r := newRegistry(t, extract.Options{})
	got, err := r.Extract(t.Context(), ingest.Input{Name: "a.msg", Data: []byte(outlook(t))})
	if err != nil {
		t.Fatal(err)
	}
	if got.Title != "Weekly figures" || got.Metadata["author"] != "Ann" || got.Metadata["date"] != "1970-01-01T00:00:00Z" || !strings.Contains(got.Text, "Привет, 41 cars.") {
		t.Errorf("title %q, fields %v, text %q", got.Title, got.Metadata, got.Text)
	}
}
