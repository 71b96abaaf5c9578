package local

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// A segment file holds one segment as it lies in memory, to be mapped:
//
//	magic, 8 bytes; length and CRC-32C of the header, 4 bytes each; header, JSON;
//	then the segment's arrays, little endian, each at a multiple of 64 bytes.
//
// It is written under another name, synced and renamed, and never changed: a file of the
// right name is whole. It is derived, so that whatever is wrong with it is mended by
// deleting it.
const (
	segmentMagic     = "RAGWSEG\x01" // the last byte is the version of the format
	segmentAlignment = 64            // a cache line
	maxHeader        = 1 << 24
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errSegmentFile says that a file is damaged or none of ours.
var errSegmentFile = errors.New("damaged segment file")

// segmentOf is what a segment was made of. A file that differs in any of it is of no use.
type segmentOf struct {
	Store      string // id of the database
	Collection int64  // row
	Analysis   int    // text.Version
	Space      string // Fingerprint.Key
	Dimension  int
}

// segmentHeader is all of a segment that is no array.
type segmentHeader struct {
	Of       segmentOf
	Windows  int
	K1, B    float64      // of the bounds
	Average  float64      // of the bounds
	Codes    *codesHeader // nil: none
	Fields   []string     // sorted
	Sections []section    // of each array
}

type codesHeader struct {
	Words, Widen int
	Recall       float64
}

type section struct {
	Offset, Length int64
	CRC            uint32
}

func (s *segment) header(of segmentOf) segmentHeader {
	h := segmentHeader{Of: of, Windows: s.windows, K1: s.params.k1, B: s.params.b, Average: s.average, Fields: slices.Sorted(maps.Keys(s.fields))}
	if s.codes != nil {
		h.Codes = &codesHeader{s.codes.words, s.codes.widen, s.codes.recall}
	}
	return h
}

// writeSegment writes the segment to a file of the path, through a temporary one beside it.
func writeSegment(path string, s *segment, of segmentOf) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), temporaryPrefix+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := encodeSegment(w, s, of); err != nil {
		return err
	}
	if err := errors.Join(w.Flush(), f.Sync()); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func encodeSegment(w io.Writer, s *segment, of segmentOf) error {
	h, arrays := s.header(of), s.arrays()
	for _, a := range arrays {
		h.Sections = append(h.Sections, section{Length: int64(len(a.bytes())), CRC: crc32.Checksum(a.bytes(), castagnoli)})
	}
	header, err := h.place()
	if err != nil {
		return err
	}
	out := &paddingWriter{w: w}
	out.write([]byte(segmentMagic))
	out.write(binary.LittleEndian.AppendUint32(nil, uint32(len(header))))
	out.write(binary.LittleEndian.AppendUint32(nil, crc32.Checksum(header, castagnoli)))
	out.write(header)
	for i, a := range arrays {
		out.padTo(h.Sections[i].Offset)
		out.write(a.bytes())
	}
	runtime.KeepAlive(s)
	return out.err
}

// place gives the sections their offsets, which follow from the length of the header that
// has them in it.
func (h *segmentHeader) place() (header []byte, err error) {
	for start := int64(0); ; {
		at := start
		for i := range h.Sections {
			at = (at + segmentAlignment - 1) / segmentAlignment * segmentAlignment
			h.Sections[i].Offset = at
			at += h.Sections[i].Length
		}
		if header, err = json.Marshal(h); err != nil {
			return nil, err
		}
		end := int64(len(segmentMagic) + 8 + len(header))
		if end <= start {
			return header, nil
		}
		start = end + segmentAlignment
	}
}

// paddingWriter writes until the first error.
type paddingWriter struct {
	w   io.Writer
	at  int64
	err error
}

func (p *paddingWriter) write(data []byte) {
	if p.err == nil {
		var n int
		n, p.err = p.w.Write(data)
		p.at += int64(n)
	}
}

func (p *paddingWriter) padTo(offset int64) { p.write(make([]byte, max(0, offset-p.at))) }

// openSegment maps the file. It is errSegmentFile when a byte is not what was written, and
// errOtherSegment when the file is whole but of something else than asked for.
func openSegment(path string, of segmentOf, params bm25) (*segment, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h, err := readHeader(f)
	if err != nil {
		return nil, err
	}
	if h.Of != of {
		return nil, errOtherSegment
	}
	size, err := verify(f, h)
	if err != nil {
		return nil, err
	}
	data, release, err := mapFile(f, int(size))
	if err != nil {
		return nil, err
	}
	s, err := h.segment(data)
	if err != nil {
		release(data)
		return nil, err
	}
	if s.params != params {
		s.bound(params, s.lengths)
	}
	s.file = filepath.Base(path)
	runtime.AddCleanup(s, release, data)
	return s, nil
}

var errOtherSegment = errors.New("segment file of another state")

func readHeader(f *os.File) (h segmentHeader, err error) {
	var head [len(segmentMagic) + 8]byte
	if _, err := io.ReadFull(f, head[:]); err != nil || string(head[:len(segmentMagic)]) != segmentMagic {
		return h, fmt.Errorf("head: %w", errSegmentFile)
	}
	length := binary.LittleEndian.Uint32(head[len(segmentMagic):])
	if length > maxHeader {
		return h, fmt.Errorf("head: %w", errSegmentFile)
	}
	header := make([]byte, length)
	if _, err := io.ReadFull(f, header); err != nil || crc32.Checksum(header, castagnoli) != binary.LittleEndian.Uint32(head[len(segmentMagic)+4:]) {
		return h, fmt.Errorf("header: %w", errSegmentFile)
	}
	if err := json.Unmarshal(header, &h); err != nil {
		return h, fmt.Errorf("header: %w: %w", errSegmentFile, err)
	}
	return h, nil
}

// verify reads every section and returns the length of the file. It reads into a buffer:
// read through the mapping, the file would be resident as a whole from the start. 10 GB of
// checksums a second are made, so that the reading is what it costs.
func verify(f *os.File, h segmentHeader) (size int64, err error) {
	buffer := make([]byte, 1<<18)
	for i, s := range h.Sections {
		sum := crc32.New(castagnoli)
		n, err := io.CopyBuffer(onlyWriter{sum}, onlyReader{io.NewSectionReader(f, s.Offset, s.Length)}, buffer)
		if err != nil {
			return 0, err
		}
		if n != s.Length || sum.Sum32() != s.CRC {
			return 0, fmt.Errorf("section %d: %w", i, errSegmentFile)
		}
		size = max(size, s.Offset+s.Length)
	}
	return size, nil
}

// onlyWriter and onlyReader keep CopyBuffer to its buffer.
type (
	onlyWriter struct{ io.Writer }
	onlyReader struct{ io.Reader }
)

// segment is the segment whose arrays lie in data.
func (h *segmentHeader) segment(data []byte) (*segment, error) {
	s := &segment{dimension: h.Of.Dimension, fields: make(map[string]*field, len(h.Fields))}
	s.windows, s.params, s.average = h.Windows, bm25{h.K1, h.B}, h.Average
	for _, name := range h.Fields {
		s.fields[name] = &field{}
	}
	if h.Codes != nil {
		s.codes = &codes{words: h.Codes.Words, widen: h.Codes.Widen, recall: h.Codes.Recall}
	}
	arrays := s.arrays()
	if len(arrays) != len(h.Sections) {
		return nil, fmt.Errorf("%d sections, want %d: %w", len(h.Sections), len(arrays), errSegmentFile)
	}
	for i, a := range arrays {
		at := h.Sections[i]
		if err := a.set(data[at.Offset : at.Offset+at.Length : at.Offset+at.Length]); err != nil {
			return nil, fmt.Errorf("section %d: %w", i, err)
		}
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	s.derive()
	return s, nil
}

// check holds the lengths of the arrays against one another.
func (s *segment) check() error {
	documents, chunks, terms := s.documents(), s.chunks(), s.terms.len()
	ok := len(s.marks) == documents && len(s.bytes) == documents && len(s.first) == documents+1 && len(s.public) == (documents+63)/64 &&
		len(s.document) == chunks && len(s.byID) == chunks && len(s.lengths) == chunks &&
		(len(s.vectors) == 0 || len(s.vectors) == chunks*s.dimension && len(s.scales) == chunks && len(s.hasVector) == (chunks+63)/64) &&
		s.windows == windowsOf(chunks) && len(s.offsets) == terms*s.windows+1 && len(s.bounds) == terms && len(s.low) == len(s.counts)
	if c := s.codes; c != nil {
		ok = ok && len(c.bits) == chunks*c.words && len(c.set) == chunks && len(c.factor) == chunks && len(c.bias) == chunks && len(c.mean) == s.dimension
	}
	if !ok {
		return fmt.Errorf("lengths of its arrays: %w", errSegmentFile)
	}
	return nil
}

// littleEndian reports whether this machine can use segment files at all.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1
