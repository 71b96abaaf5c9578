package extract

import (
	"bytes"
	"unicode/utf16"

	"ragway/ingest"
)

// oleMagic begins compound files: Office before 2007, and every encrypted Office file.
var oleMagic = []byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}

// isLegacy reports whether a name is that of an Office file of before 2007. They are opened,
// not skipped as pictures are: people count on what is in them, and some are RTF or HTML.
func isLegacy(name string) bool {
	switch extensionOf(name) {
	case ".doc", ".dot", ".xls", ".xlt", ".ppt", ".pps", ".pot":
		return true
	}
	return false
}

// oleFailure tells an encrypted package from an old document by the names of the streams
// in the directory, which are UTF-16.
func oleFailure(in ingest.Input) error {
	for _, k := range []struct{ stream, what string }{
		{"WordDocument", "Word 97–2003 document"},
		{"Workbook", "Excel 97–2003 workbook"},
		{"PowerPoint Document", "PowerPoint 97–2003 presentation"},
	} {
		if bytes.Contains(in.Data, utf16LE(k.stream)) {
			return ingest.Failf(ingest.Unsupported, "%s: save it in the current format, or name a program that reads it under ingest.extractors", k.what)
		}
	}
	if bytes.Contains(in.Data, utf16LE("EncryptedPackage")) {
		return ingest.Failf(ingest.Encrypted, "the document needs a password")
	}
	return ingest.Failf(ingest.Unsupported, "compound file of an unknown kind")
}

func utf16LE(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}
