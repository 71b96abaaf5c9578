package main

import (
	"math"
	"math/rand/v2"

	"ragway/retriever"
)

// dimension of the vectors, that of all-MiniLM-L6-v2.
const dimension = 384

// The embedding space imitates all-MiniLM-L6-v2 on the 5,183 abstracts and 300 claims of
// BEIR SciFact; TestVectorsAreLikeMiniLM prints both sides. A vector is
//
//	mean + √spread·(√inArea·area + √inTopic·topic + √own·noise), scaled to unit length,
//
// the three drawn from one normal distribution whose covariance has trace 1, the spectrum
// of eigenvalue and directions that have nothing to do with the axes.
const (
	meanLength = 0.362 // of the mean of MiniLM's vectors: it puts .131 into every cosine
	spread     = 0.869 // what is left, 1 − meanLength²

	inArea, inTopic = 0.36, 0.30
	own             = 1 - inArea - inTopic

	areas, topicsPerArea = 120, 32 // 3,840 topics

	// A query is this much its document's vector, the rest noise around zero.
	queryCosine = 0.64
)

// eigenvalue is the share of the variance in the k-th direction, from 1, up to a factor.
// MiniLM has .077, .037, .031, .018, .011, .0066, .0039, .0020, .0005 at 1, 2, 4 … 256.
func eigenvalue(k int) float64 {
	return math.Pow(float64(k), -0.55) * math.Exp(-float64(k)/150)
}

// space draws vectors. It is safe for concurrent use.
type space struct {
	mean   retriever.Vector
	basis  []retriever.Vector // orthogonal, row k of length √eigenvalue(k)
	areas  []retriever.Vector
	topics []retriever.Vector // with their area's part in them
}

func newSpace(seed uint64) *space {
	rng := rand.New(rand.NewPCG(seed, 1))
	s := &space{mean: gaussian(rng), basis: orthogonal(rng)}
	scale(s.mean, meanLength/length(s.mean))
	sum := 0.0
	for k := range s.basis {
		sum += eigenvalue(k + 1)
	}
	for k, v := range s.basis {
		scale(v, math.Sqrt(eigenvalue(k+1)/sum))
	}
	for range areas {
		area := s.draw(rng, spread*inArea)
		for range topicsPerArea {
			topic := s.draw(rng, spread*inTopic)
			add(topic, area, 1)
			s.topics = append(s.topics, topic)
		}
	}
	return s
}

// topicOf picks a topic. Areas and topics differ in size as a collection's do: the largest
// areas are ten times the median one.
func (s *space) topicOf(rng *rand.Rand) int {
	area := int(areas * math.Pow(rng.Float64(), 2))
	return area*topicsPerArea + rng.IntN(topicsPerArea)
}

// near is a document's vector.
func (s *space) near(rng *rand.Rand, topic int) retriever.Vector {
	v := s.draw(rng, spread*own)
	add(v, s.topics[topic], 1)
	add(v, s.mean, 1)
	scale(v, 1/length(v))
	return v
}

// asking is the vector of a query that the document answers.
func (s *space) asking(rng *rand.Rand, document retriever.Vector) retriever.Vector {
	v := s.draw(rng, 1)
	scale(v, math.Sqrt(1-queryCosine*queryCosine)/length(v))
	add(v, document, queryCosine)
	scale(v, 1/length(v))
	return v
}

// draw is a sample of the distribution with the given trace.
func (s *space) draw(rng *rand.Rand, trace float64) retriever.Vector {
	v := make(retriever.Vector, dimension)
	root := math.Sqrt(trace)
	for _, direction := range s.basis {
		add(v, direction, rng.NormFloat64()*root)
	}
	return v
}

// orthogonal is a random orthonormal basis, by Gram and Schmidt.
func orthogonal(rng *rand.Rand) []retriever.Vector {
	var basis []retriever.Vector
	for range dimension {
		v := gaussian(rng)
		for range 2 { // twice is enough (Giraud et al. 2005): once leaves rounding behind
			for _, b := range basis {
				add(v, b, -float64(retriever.Dot(v, b)))
			}
		}
		scale(v, 1/length(v))
		basis = append(basis, v)
	}
	return basis
}

func gaussian(rng *rand.Rand) retriever.Vector {
	v := make(retriever.Vector, dimension)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}

func length(v retriever.Vector) float64 { return math.Sqrt(float64(retriever.Dot(v, v))) }

func scale(v retriever.Vector, by float64) {
	for i := range v {
		v[i] *= float32(by)
	}
}

// add puts by·w on v.
func add(v, w retriever.Vector, by float64) {
	w, f := w[:len(v)], float32(by)
	for i := range v {
		v[i] += w[i] * f
	}
}
