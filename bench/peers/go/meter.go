package main

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type options struct {
	workload             string
	connections, callers int
	queries, warmup      int64 // 0: no limit
	seconds              float64
}

// latencies are counts in buckets of at most 0.8 %, as in latency.c.
type latencies struct {
	max, count uint64
	buckets    [128 * 36]uint32
}

func (l *latencies) add(ns uint64) {
	bucket := ns
	if ns >= 128 {
		shift := uint64(bits.Len64(ns) - 8)
		bucket = shift*128 + ns>>shift
	}
	if bucket >= uint64(len(l.buckets)) {
		bucket = uint64(len(l.buckets) - 1)
	}
	l.buckets[bucket]++
	l.count++
	if ns > l.max {
		l.max = ns
	}
}

func (l *latencies) merge(other *latencies) {
	for i, count := range other.buckets {
		l.buckets[i] += count
	}
	l.count += other.count
	if other.max > l.max {
		l.max = other.max
	}
}

// quantile is in microseconds.
func (l *latencies) quantile(part float64) float64 {
	if l.count == 0 {
		return 0
	}
	rank, seen := uint64(part*float64(l.count-1)), uint64(0)
	for i, count := range l.buckets {
		seen += uint64(count)
		if seen > rank {
			shift := 0
			if i >= 256 {
				shift = i/128 - 1
			}
			middle := float64(i - shift*128)
			if shift > 0 {
				middle += 0.5
			}
			value := middle * float64(uint64(1)<<uint(shift))
			if value > float64(l.max) {
				value = float64(l.max)
			}
			return value / 1e3
		}
	}
	return 0
}

var epoch = time.Now()

// now is a monotonic clock, in nanoseconds.
func now() int64 { return int64(time.Since(epoch)) }

type meter struct {
	unsent       int64
	began, until int64
	rows         uint64
	usage        syscall.Rusage
	lock         sync.Mutex
	latencies    latencies
}

func newMeter(queries int64, seconds float64) *meter {
	m := &meter{unsent: queries, began: now()}
	if queries == 0 {
		m.unsent = 1 << 60
	}
	if seconds > 0 {
		m.until = m.began + int64(seconds*1e9)
	}
	syscall.Getrusage(syscall.RUSAGE_SELF, &m.usage)
	return m
}

func (m *meter) more(last int64) bool {
	if m.until != 0 && last >= m.until {
		return false
	}
	return atomic.AddInt64(&m.unsent, -1) >= 0
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

// resident memory, KiB.
func resident() int64 {
	var size, pages int64
	text, err := os.ReadFile("/proc/self/statm")
	check(err)
	fmt.Sscan(string(text), &size, &pages)
	return pages * int64(os.Getpagesize()) / 1024
}

// peak is the most memory that was resident, KiB. Getrusage would tell that of the parent, too.
func peak() (kb int64) {
	text, err := os.ReadFile("/proc/self/status")
	check(err)
	if at := strings.Index(string(text), "VmHWM:"); at >= 0 {
		fmt.Sscan(string(text[at+len("VmHWM:"):]), &kb)
	}
	return kb
}

func (m *meter) report(o *options, opened int64) {
	var usage syscall.Rusage
	elapsed := float64(now()-m.began) / 1e9
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	line, err := json.Marshal(map[string]interface{}{
		"client": "go", "workload": o.workload, "connections": o.connections, "callers": o.callers,
		"queries": m.latencies.count, "rows": m.rows, "seconds": elapsed,
		"cpu_user":    seconds(usage.Utime) - seconds(m.usage.Utime),
		"cpu_system":  seconds(usage.Stime) - seconds(m.usage.Stime),
		"p50_us":      m.latencies.quantile(0.5),
		"p99_us":      m.latencies.quantile(0.99),
		"max_us":      float64(m.latencies.max) / 1e3,
		"open_rss_kb": opened, "peak_rss_kb": peak(), "versions": versions(),
	})
	check(err)
	fmt.Println(string(line))
}
