package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// workload is one kind of request.
type workload struct {
	name   string
	size   int // bytes of the body, about
	rag    bool
	stream bool
}

func caseOf(name string) (workload, error) {
	switch name {
	case "4k":
		return workload{name, 4 << 10, false, false}, nil
	case "4k-rag":
		return workload{name, 4 << 10, true, false}, nil
	case "100k":
		return workload{name, 100 << 10, false, false}, nil
	case "100k-rag":
		return workload{name, 100 << 10, true, false}, nil
	case "stream":
		return workload{name, 4 << 10, false, true}, nil
	}
	return workload{}, fmt.Errorf("no case %q", name)
}

// questions are about what the corpus is about, so that each request retrieves.
var questions = []string{
	"Do statins lower the risk of dementia in older patients?", "How does vitamin D affect bone density?",
	"What role do microRNAs play in tumour growth?", "Is obesity linked to type 2 diabetes?",
	"Which genes are involved in breast cancer resistance?", "How do T cells respond to chronic infection?",
	"Does exercise improve insulin sensitivity?", "What causes antibiotic resistance in hospitals?",
}

// body is a conversation of the size wanted, with question i at its end.
func (w workload) body(i int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"model":"bench",`)
	if w.stream {
		b.WriteString(`"stream":true,`)
	}
	b.WriteString(`"temperature":0.2,"messages":[{"role":"system","content":"Be brief."}`)
	turn := strings.Repeat(`The report was filed and \"read\" by the committee.\n`, 10)
	for k := 0; b.Len() < w.size-len(turn); k++ {
		fmt.Fprintf(&b, `,{"role":"%s","content":"%s"}`, []string{"user", "assistant"}[k%2], turn)
	}
	fmt.Fprintf(&b, `,{"role":"user","content":"%s (case %d)"}]}`, questions[i%len(questions)], i)
	return b.Bytes()
}

// sample is what one target did in one round.
type sample struct {
	latency []time.Duration // from when a request was due to the end of its answer
	first   []time.Duration // to the first byte of its body
	errors  int
	cpu     time.Duration // of the target's process, each request
}

// drive sends requests at the rate, whatever becomes of them.
func drive(ctx context.Context, o options, c workload, t target, seed int) sample {
	client := &http.Client{Transport: transport(), Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	n := int(o.period.Seconds() * float64(o.rate))
	bodies := make([][]byte, n)
	for i := range bodies {
		bodies[i] = c.body(seed*n + i)
	}
	for range 4 { // connections are there before the clock runs
		one(ctx, client, t, bodies[0])
	}
	runtime.GC()
	s := sample{latency: make([]time.Duration, n), first: make([]time.Duration, n)}
	var failed sync.Map
	var all sync.WaitGroup
	before := cpuOf(t.pid)
	start := time.Now().Add(10 * time.Millisecond)
	for i := range n {
		due := start.Add(time.Duration(i) * time.Second / time.Duration(o.rate))
		time.Sleep(time.Until(due))
		all.Go(func() {
			first, err := one(ctx, client, t, bodies[i])
			if err != nil {
				failed.Store(i, err)
			}
			s.first[i], s.latency[i] = first.Sub(due), time.Since(due)
		})
	}
	all.Wait()
	s.cpu = (cpuOf(t.pid) - before) / time.Duration(n)
	failed.Range(func(_, err any) bool { s.errors++; return true })
	return s
}

// one sends a request and reads its answer; first is when its body began.
func one(ctx context.Context, client *http.Client, t target, body []byte) (first time.Time, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+t.addr+"/v1/chat/completions", bytes.NewReader(body))
	if err != nil {
		return time.Now(), err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return time.Now(), err
	}
	defer resp.Body.Close()
	var buf [1]byte
	_, err = io.ReadFull(resp.Body, buf[:])
	first = time.Now()
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
	}
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", resp.StatusCode)
	}
	return first, err
}

// clockTick is what the kernel counts processor time in, a hundredth of a second on Linux.
const clockTick = 10 * time.Millisecond

// cpuOf is the processor time of a process, 0 where the system does not tell.
func cpuOf(pid int) time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if pid == 0 || err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * clockTick
}

// memoryOf is the most memory that a process had, in MiB.
func memoryOf(pid int) int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if pid == 0 || err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			return kib >> 10
		}
	}
	return 0
}

func quantile(of []time.Duration, q float64) time.Duration {
	sorted := slices.Clone(of)
	slices.Sort(sorted)
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
