package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"ragway/retriever"
)

// generation names what the generator makes; data of another one is made again. Count it
// up with every change to the corpus.
const generation = 1

// corpus makes documents and queries, each from its number alone: the same on every
// machine, in any order, without a file. Of one corpus a shorter one is a prefix.
type corpus struct {
	size   int
	space  *space
	waited time.Duration // for documents to be made, by batches
}

const seed = 0x7261677761790001

func newCorpus(size int) *corpus { return &corpus{size: size, space: newSpace(seed)} }

// document is one passage with its metadata.
type document struct {
	number int
	text   string
	vector retriever.Vector

	source string  // one of 40
	year   float64 // 1990 to 2025
	date   string  // RFC 3339
	team   string  // one of teams, each with every tenth document
}

const teams = 10

// Streams of random numbers of one document or query, so that one part can be made without
// the others.
const (
	streamTopic = iota + 2
	streamText
	streamVector
	streamMetadata
	streamQuery
)

func stream(kind, number int) *rand.Rand {
	return rand.New(rand.NewPCG(seed+uint64(kind), uint64(number)))
}

func (c *corpus) topic(number int) int { return c.space.topicOf(stream(streamTopic, number)) }

func (c *corpus) text(number int) string {
	return passage(stream(streamText, number), uint64(c.topic(number)))
}

func (c *corpus) vector(number int) retriever.Vector {
	return c.space.near(stream(streamVector, number), c.topic(number))
}

func (c *corpus) document(number int) document {
	rng := stream(streamMetadata, number)
	day := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rng.IntN(36*365))
	return document{
		number: number, text: c.text(number), vector: c.vector(number),
		source: fmt.Sprintf("source-%d", rng.IntN(40)), year: float64(day.Year()), date: day.Format(time.RFC3339),
		team: team(number),
	}
}

func team(number int) string { return fmt.Sprintf("team-%d", number%teams) }

// batches calls yield with all documents in order, so many at a time; the next ones are
// made meanwhile. It stops at the first error.
func (c *corpus) batches(size int, yield func([]document) error) error {
	workers := runtime.GOMAXPROCS(0)
	made := make([]chan []document, workers) // worker i makes the batches i, i+workers, …
	stop := make(chan struct{})
	defer close(stop)
	for i := range made {
		made[i] = make(chan []document, 1)
		go func() {
			for from := i * size; from < c.size; from += workers * size {
				select {
				case made[i] <- c.some(from, min(from+size, c.size)):
				case <-stop:
					return
				}
			}
		}()
	}
	for i, from := 0, 0; from < c.size; i, from = i+1, from+size {
		start := time.Now()
		docs := <-made[i%workers]
		c.waited += time.Since(start)
		if err := yield(docs); err != nil {
			return err
		}
	}
	return nil
}

func (c *corpus) some(from, to int) []document {
	docs := make([]document, 0, to-from)
	for i := from; i < to; i++ {
		docs = append(docs, c.document(i))
	}
	return docs
}
