// What every mode shares: what a store is, the ids, and the municipalities seen so far.

package main

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// store is one mode: a way to bring reports into Valkey. Safe for use by many goroutines.
type store interface {
	// Save answers when every command of the report was answered without an error.
	// REQUIRES: `body` is not changed before it returns.
	Save(ctx context.Context, body []byte) (id uint64, err error)

	// Total is the sum of count:* of the municipalities this process has seen, read from Valkey.
	Total(ctx context.Context) (int64, error)

	// Close ends the connections. REQUIRES: no Save or Total is running or follows.
	Close()
}

// Ids are tweet-<n>. The first n is the start's time in microseconds: as long as Chaac's ids, and a
// restart does not write over the reports before it. Two processes on one Valkey may still collide.
type ids struct{ last atomic.Uint64 }

func newIDs() *ids {
	var i ids
	i.last.Store(uint64(time.Now().UnixMicro()))
	return &i
}

func (i *ids) next() uint64 { return i.last.Add(1) }

func appendID(to []byte, id uint64) []byte {
	return strconv.AppendUint(append(to, "tweet-"...), id, 10)
}

// seen is the set of municipalities that reports named. It only grows.
type seen struct {
	lock  sync.RWMutex
	names map[string]struct{}
}

func (s *seen) add(municipality string) {
	s.lock.RLock()
	_, known := s.names[municipality]
	s.lock.RUnlock()
	if known {
		return
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.names == nil {
		s.names = map[string]struct{}{}
	}
	s.names[strings.Clone(municipality)] = struct{}{} // It may point into a request's body.
}

// countKeys are the keys whose sum is the total.
func (s *seen) countKeys() []string {
	s.lock.RLock()
	defer s.lock.RUnlock()
	keys := make([]string, 0, len(s.names))
	for name := range s.names {
		keys = append(keys, "count:"+name)
	}
	return keys
}

// sumCounts adds up MGET's answers; a key that is not there yet is nil.
func sumCounts(values []any) (int64, error) {
	var total int64
	for _, value := range values {
		text, ok := value.(string)
		if !ok {
			continue
		}
		count, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return 0, err
		}
		total += count
	}
	return total, nil
}

// valkeyAddress splits what -valkey takes into a network and an address.
func valkeyAddress(flag string) (network, address string) {
	if path, ok := strings.CutPrefix(flag, "unix://"); ok {
		return "unix", path
	}
	return "tcp", flag
}
