package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync"
	"time"
)

// sample is what one target did in one round. Times count from when a request was due, and
// those of requests that failed are left out.
type sample struct {
	sent    []time.Duration // late by so much: the load generator's own fault
	first   []time.Duration // to the first byte of an answer's body
	whole   []time.Duration // to its end
	failed  []error
	cpu     time.Duration // of the target's process, a request
	overdue time.Duration // from when the last request was due until all were answered
}

// outcome is what became of one request.
type outcome struct {
	sent, first, whole time.Time
	err                error
}

// drive sends requests at the rate, whatever becomes of them.
func drive(ctx context.Context, o options, c workload, t target, seed int) sample {
	client := &http.Client{Transport: transport(), Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	n := max(1, int(o.period.Seconds()*float64(c.rate)))
	bodies := make([][]byte, n)
	for i := range bodies {
		bodies[i] = c.body(seed*n + i)
	}
	for range 4 { // connections are there before the clock runs
		_ = one(ctx, client, t, bodies[0])
	}
	runtime.GC()
	outcomes := make([]outcome, n)
	var all sync.WaitGroup
	before := cpuOf(t.pid)
	start := time.Now().Add(10 * time.Millisecond)
	due := func(i int) time.Time { return start.Add(time.Duration(i) * time.Second / time.Duration(c.rate)) }
	for i := range n {
		sleepUntil(due(i))
		all.Go(func() { outcomes[i] = one(ctx, client, t, bodies[i]) })
	}
	all.Wait()
	s := sample{overdue: time.Since(due(n - 1)), cpu: (cpuOf(t.pid) - before) / time.Duration(n)}
	for i, out := range outcomes {
		s.add(due(i), out)
	}
	return s
}

func (s *sample) add(due time.Time, out outcome) {
	s.sent = append(s.sent, out.sent.Sub(due))
	if out.err != nil {
		s.failed = append(s.failed, out.err)
		return
	}
	s.first = append(s.first, out.first.Sub(due))
	s.whole = append(s.whole, out.whole.Sub(due))
}

// one sends a request and reads its answer.
func one(ctx context.Context, client *http.Client, t target, body []byte) (out outcome) {
	out.sent = time.Now()
	out.err = func() error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+t.addr+"/v1/chat/completions", bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		var buf [1]byte
		if _, err := io.ReadFull(resp.Body, buf[:]); err != nil {
			return err
		}
		out.first = time.Now()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return err
		}
		out.whole = time.Now()
		return t.judge(resp)
	}()
	return out
}

// judge is an error for an answer that is not what the target is for.
func (t target) judge(resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	if sources := resp.Header.Get("X-Ragway-Sources"); t.retrieves && (sources == "" || sources == "0") {
		return errors.New("no passage was found")
	}
	return nil
}
