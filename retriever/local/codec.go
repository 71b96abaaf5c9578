package local

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"ragway/retriever"
)

// encodeVector is the vector as little-endian float32; nil stays nil, a NULL on disk.
func encodeVector(v retriever.Vector) []byte {
	if v == nil {
		return nil
	}
	out := make([]byte, 4*len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint32(out[4*i:], math.Float32bits(x))
	}
	return out
}

func decodeVector(data []byte) (retriever.Vector, error) {
	if data == nil {
		return nil, nil
	}
	v := make(retriever.Vector, len(data)/4)
	return v, decodeVectorInto(v, data)
}

// decodeVectorInto fills v, whose dimension data must have.
func decodeVectorInto(v retriever.Vector, data []byte) error {
	if len(data) != 4*len(v) {
		return fmt.Errorf("vector of %d bytes, want %d: %w", len(data), 4*len(v), retriever.ErrCorrupt)
	}
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return nil
}

// maxFrequency bounds a stored term frequency: BM25 is flat long before.
const maxFrequency = math.MaxUint16

// encodeTerms is a chunk's words as the index needs them: uvarint total length, then for
// each distinct term, sorted, uvarint frequency, uvarint byte length, bytes.
func encodeTerms(terms []string) []byte {
	frequency := make(map[string]int, len(terms))
	for _, t := range terms {
		frequency[t]++
	}
	distinct := make([]string, 0, len(frequency))
	for t := range frequency {
		distinct = append(distinct, t)
	}
	slices.Sort(distinct)
	out := binary.AppendUvarint(make([]byte, 0, 8*len(distinct)+4), uint64(len(terms)))
	for _, t := range distinct {
		out = binary.AppendUvarint(out, uint64(min(frequency[t], maxFrequency)))
		out = binary.AppendUvarint(out, uint64(len(t)))
		out = append(out, t...)
	}
	return out
}

// decodeTerms calls yield with each term of data, which is reused, and returns the
// chunk's total length.
func decodeTerms(data []byte, yield func(term []byte, frequency uint16)) (length uint32, err error) {
	total, data, err := uvarint(data)
	if err != nil {
		return 0, err
	}
	for len(data) > 0 {
		var frequency, n uint64
		if frequency, data, err = uvarint(data); err != nil {
			return 0, err
		}
		if n, data, err = uvarint(data); err != nil {
			return 0, err
		}
		if n > uint64(len(data)) || frequency > maxFrequency {
			return 0, fmt.Errorf("term frequencies: %w", retriever.ErrCorrupt)
		}
		yield(data[:n], uint16(frequency))
		data = data[n:]
	}
	return uint32(total), nil
}

func uvarint(data []byte) (uint64, []byte, error) {
	v, n := binary.Uvarint(data)
	if n <= 0 {
		return 0, nil, fmt.Errorf("term frequencies: %w", retriever.ErrCorrupt)
	}
	return v, data[n:], nil
}
