package local

const (
	// codesFrom is the number of vectors from which a segment gets codes; fewer are
	// scanned in half a millisecond.
	codesFrom = 2048

	calibrationQueries   = 32
	calibrationDocuments = 32768
	calibrationResults   = 10
	recallWanted         = 0.99
	widestShare          = 8 // a shortlist of more than this part of the vectors saves too little
)

// addCodes gives the segment codes, if it has vectors enough and the codes find its
// vectors' nearest neighbours.
func (s *segment) addCodes() {
	if s.hasVector.count() < codesFrom {
		return
	}
	r := coderOf(s.dimension)
	s.codes = r.encode(s)
	if !s.calibrate(r) {
		s.codes = nil
	}
}

// calibrate measures on the segment's own vectors which share of the ten nearest
// neighbours of a vector the shortlist holds, and widens the shortlist until it is
// recallWanted. It reports false when that takes too many. The neighbours are
// sought among at most calibrationDocuments vectors: with their number the shortlist need
// not grow (recall@10 of 200 was ≥ .999 from 18,000 to 158,000 real vectors).
func (s *segment) calibrate(r coder) bool {
	var chunks []uint32
	s.hasVector.each(func(c uint32) { chunks = append(chunks, c) })
	step := max(1, len(chunks)/calibrationDocuments)
	among := make([]uint32, 0, calibrationDocuments)
	for i := 0; i < len(chunks) && len(among) < calibrationDocuments; i += step {
		among = append(among, chunks[i])
	}
	var ranks []int
	for i := range calibrationQueries {
		ranks = append(ranks, s.neighbourRanks(r, chunks[i*len(chunks)/calibrationQueries], among)...)
	}
	c := s.codes
	for c.widen = 1; shortlistLeast*c.widen*widestShare <= len(among); c.widen *= 2 {
		found := 0
		for _, rank := range ranks {
			if rank < shortlistLeast*c.widen {
				found++
			}
		}
		if c.recall = float64(found) / float64(max(1, len(ranks))); c.recall >= recallWanted {
			return true
		}
	}
	return false
}

// neighbourRanks are the places that the codes give to the nearest neighbours of a chunk.
func (s *segment) neighbourRanks(r coder, chunk uint32, among []uint32) []int {
	full := make([]float32, s.dimension)
	s.decodeVector(full, chunk)
	exact := newFixedQuery(full)
	r.apply(full)
	coded := s.codes.query(full)
	nearest := newShortlist(calibrationResults)
	estimates := make([]float32, 0, len(among))
	for _, c := range among {
		if c == chunk {
			continue
		}
		estimates = append(estimates, s.codes.score(&coded, c))
		if cosine := float32(s.cosine(exact, c)); cosine >= nearest.floor {
			nearest.offer(cosine, chunkRef{chunk: c})
		}
	}
	var ranks []int
	for _, neighbour := range nearest.best() {
		own, rank := s.codes.score(&coded, neighbour.ref.chunk), 0
		for _, e := range estimates {
			if e > own {
				rank++
			}
		}
		ranks = append(ranks, rank)
	}
	return ranks
}
