package local

import (
	"math"
	"math/bits"
	"slices"
	"sync"
)

// codes approximate the cosine of a segment's vectors d with a query q from one bit a
// dimension. After rotation, with μ the segment's mean,
//
//	q·d = μ·d + (q−μ)·(d−μ) + μ·q − μ·μ,  d−μ ≈ f·s,  s = sign(d−μ),  f = |d−μ|₂²/|d−μ|₁
//
// so that a vector needs s and two numbers, f and μ·d. The factor is that of RaBitQ (Gao
// and Long 2024) with the mean as the only centroid; scores of segments with other means
// compare, because each estimates the same cosine.
// The query is rounded to four bits a dimension, and its product with s becomes AND and
// popcount. What ranks high is scored again on the vectors themselves.
type codes struct {
	words  int      // 64-bit words of one code
	bits   []uint64 // [chunks × words], row-major; bit i of a code: dimension i above the mean
	set    []uint16 // of each code, how many bits are
	factor []float32
	bias   []float32
	mean   []float32 // rotated

	widen  int     // times the usual shortlist that is needed, see calibrate
	recall float64 // with that
}

func (c *codes) arrays() []array {
	return []array{arrayOf(&c.bits), arrayOf(&c.set), arrayOf(&c.factor), arrayOf(&c.bias), arrayOf(&c.mean)}
}

// codePlanes is how many bits a query's dimension is rounded to.
const codePlanes = 4

// coder makes codes and prepares queries for them.
type coder struct {
	*rotation
	dimension int
}

var coders sync.Map // by dimension

// coderOf returns the coder of a dimension; they are few and immutable.
func coderOf(dimension int) coder {
	if have, ok := coders.Load(dimension); ok {
		return have.(coder)
	}
	r := coder{newRotation(dimension), dimension}
	coders.Store(dimension, r)
	return r
}

// encode makes the codes of the segment's vectors.
func (r coder) encode(s *segment) *codes {
	n := s.chunks()
	c := &codes{words: (r.dimension + 63) / 64, mean: s.meanVector()}
	c.bits, c.set = make([]uint64, n*c.words), make([]uint16, n)
	c.factor, c.bias = make([]float32, n), make([]float32, n)
	r.apply(c.mean)
	v := make([]float32, r.dimension)
	s.hasVector.each(func(chunk uint32) {
		s.decodeVector(v, chunk)
		r.apply(v)
		c.encode(chunk, v)
	})
	return c
}

func (s *segment) meanVector() []float32 {
	sums, n := make([]float64, s.dimension), 0.0
	s.hasVector.each(func(chunk uint32) {
		scale := float64(s.scales[chunk])
		for i, x := range s.vector(chunk) {
			sums[i] += float64(x) * scale
		}
		n++
	})
	mean := make([]float32, s.dimension)
	for i := range mean {
		mean[i] = float32(sums[i] / max(1, n))
	}
	return mean
}

// encode makes the code of one rotated vector.
func (c *codes) encode(chunk uint32, v []float32) {
	code := c.bits[int(chunk)*c.words:][:c.words]
	var square, absolute, bias float64
	for i, x := range v {
		d := float64(x - c.mean[i])
		if d > 0 {
			code[i>>6] |= 1 << (i & 63)
			c.set[chunk]++
		}
		square += d * d
		absolute += math.Abs(d)
		bias += float64(x) * float64(c.mean[i])
	}
	c.bias[chunk] = float32(bias)
	if absolute > 0 {
		c.factor[chunk] = float32(square / absolute)
	}
}

// codeQuery is a query as one segment's codes need it: each dimension of q−μ is
// low + step·u, u in 0..15, and bit j of all u is planes[·][j].
type codeQuery struct {
	planes         [][codePlanes]uint64 // of each word of a code
	perBit, perSet float32              // of a code's product with the planes, and of its bits set
	offset         float32              // −Σ(q−μ)
	constant       float32              // μ·q − μ·μ

	// What the two lower planes add to a product: so much for each bit set on average, and
	// at most the margin more, but for one code in forty. That one is lost only if it is within
	// the margin of the shortlist's end, far from the results.
	lowPerSet, lowMargin float32
}

// lowDeviations is how many standard deviations the margin of the lower planes is.
const lowDeviations = 2

// query prepares a rotated query.
func (c *codes) query(q []float32) codeQuery {
	out := codeQuery{planes: make([][codePlanes]uint64, c.words)}
	centred := make([]float32, len(q))
	var sum, constant float64
	for i, x := range q {
		centred[i] = x - c.mean[i]
		sum += float64(centred[i])
		constant += float64(c.mean[i]) * float64(centred[i])
	}
	low := slices.Min(centred)
	step := (slices.Max(centred) - low) / (1<<codePlanes - 1)
	if step == 0 {
		step = 1 // every u is zero
	}
	var lows, squares float64
	for i, x := range centred {
		u := uint(math.Round(float64((x - low) / step)))
		for j := range codePlanes {
			out.planes[i>>6][j] |= uint64(u>>j&1) << (i & 63)
		}
		lows += float64(u & 3)
		squares += float64(u&3) * float64(u&3)
	}
	out.perBit, out.perSet, out.offset, out.constant = 2*step, 2*low, float32(-sum), float32(constant)
	// A bit of a code is set or not, about evenly, whatever the query has there.
	out.lowPerSet = float32(lows / float64(len(q)))
	out.lowMargin = float32(lowDeviations * math.Sqrt(squares) / 2)
	return out
}

// score estimates the cosine of chunk.
func (c *codes) score(q *codeQuery, chunk uint32) float32 {
	code := c.bits[int(chunk)*c.words:][:c.words]
	return c.scored(q, chunk, float32(q.high(code)+q.low(code)))
}

// scored is the estimate with this product of the chunk's code and the planes.
func (c *codes) scored(q *codeQuery, chunk uint32, product float32) float32 {
	return c.bias[chunk] + q.constant + c.factor[chunk]*(q.perBit*product+q.perSet*float32(c.set[chunk])+q.offset)
}

// scan passes the estimates that may be in the list on to it, of the chunks from one up to
// another that are in the mask; from is a multiple of 64. Most fall short by their two
// higher planes alone.
func (c *codes) scan(q *codeQuery, part, from, to uint32, mask bitset, list *shortlist) {
	n, floor := c.words, list.floor
	for base := from; base < to; base += 64 {
		word := ^uint64(0)
		if mask != nil {
			word = mask[base>>6]
		}
		if rest := to - base; rest < 64 {
			word &= 1<<rest - 1
		}
		for ; word != 0; word &= word - 1 {
			at := base | uint32(bits.TrailingZeros64(word))
			code := c.bits[int(at)*n:][:n]
			high := float32(q.high(code))
			set, factor, rest := float32(c.set[at]), c.factor[at], c.bias[at]+q.constant
			rest += factor * (q.perSet*set + q.offset)
			if rest+factor*q.perBit*(high+q.lowPerSet*set+q.lowMargin) < floor {
				continue
			}
			if score := rest + factor*q.perBit*(high+float32(q.low(code))); score >= floor {
				list.offer(score, chunkRef{part, at})
				floor = list.floor
			}
		}
	}
}

// high is the code's weighted product with the two higher planes. It counts each plane
// apart, and every other word, which leaves the processor sums that do not wait for one
// another.
func (q *codeQuery) high(code []uint64) int {
	planes := q.planes[:len(code)]
	var n2, n3, m2, m3 int
	w := 0
	for ; w+1 < len(code); w += 2 {
		p, r := &planes[w], &planes[w+1]
		n2 += bits.OnesCount64(code[w] & p[2])
		n3 += bits.OnesCount64(code[w] & p[3])
		m2 += bits.OnesCount64(code[w+1] & r[2])
		m3 += bits.OnesCount64(code[w+1] & r[3])
	}
	if w < len(code) {
		n2 += bits.OnesCount64(code[w] & planes[w][2])
		n3 += bits.OnesCount64(code[w] & planes[w][3])
	}
	return (n2+m2)<<2 + (n3+m3)<<3
}

// low is that with the two lower planes.
func (q *codeQuery) low(code []uint64) int {
	planes := q.planes[:len(code)]
	var n0, n1 int
	for w, word := range code {
		p := &planes[w]
		n0 += bits.OnesCount64(word & p[0])
		n1 += bits.OnesCount64(word & p[1])
	}
	return n0 + n1<<1
}
