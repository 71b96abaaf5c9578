package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// memory of this process, from /proc, in bytes. Pages of files that are mapped are in
// resident and not in own: the system may drop them.
type memory struct{ Resident, Own, Peak int64 }

func readMemory() (m memory, err error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return m, fmt.Errorf("memory figures need Linux: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(line, ":")
		field, known := map[string]*int64{"VmRSS": &m.Resident, "RssAnon": &m.Own, "VmHWM": &m.Peak}[key]
		if !known {
			continue
		}
		kilobytes, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
		if err != nil {
			return m, fmt.Errorf("%s: %w", key, err)
		}
		*field = kilobytes << 10
	}
	return m, nil
}

// percentile by the nearest rank; p in (0,1].
func percentile(times []time.Duration, p float64) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[max(0, int(math.Ceil(p*float64(len(sorted))))-1)]
}

// addPairwise is what the same queries take on both of two systems, one after the other.
func addPairwise(a, b []time.Duration) []time.Duration {
	sum := make([]time.Duration, len(a))
	for i := range sum {
		sum[i] = a[i] + b[i]
	}
	return sum
}
