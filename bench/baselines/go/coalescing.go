// The mode coalescing: group commit. While one batch is on its way to Valkey, arriving reports
// gather in the next; its writer sends each batch in one write and wakes all who wait for it.

package main

import (
	"context"
	"crypto/tls"
	"net"
	"sync"

	"github.com/redis/rueidis"
)

// batch is the reports that are sent together.
type batch struct {
	reports []waiting
	done    chan struct{} // Closed when `err` is set.
	err     error
}

type waiting struct {
	id     uint64
	report Report
	body   []byte
}

type coalescingStore struct {
	// The writer is its connection's only user: then rueidis sends and reads on the caller's own
	// goroutine, without a queue between. Readers share the other, which pipelines by itself.
	writer, reader rueidis.Client
	ids            *ids
	seen           seen

	lock    sync.Mutex
	open    *batch        // Guarded by `lock`.
	arrived chan struct{} // Holds one token while `open` may have reports.
	stopped chan struct{} // Closed when the writing goroutine has ended.

	merger   merger // These three belong to the writing goroutine.
	commands []rueidis.Completed
	spare    []waiting
}

func newCoalescingStore(valkey string) (*coalescingStore, error) {
	s := &coalescingStore{
		ids:     newIDs(),
		open:    &batch{done: make(chan struct{})},
		arrived: make(chan struct{}, 1),
		stopped: make(chan struct{}),
	}
	var err error
	if s.writer, err = dial(valkey); err != nil {
		return nil, err
	}
	if s.reader, err = dial(valkey); err != nil {
		s.writer.Close()
		return nil, err
	}
	go s.write()
	return s, nil
}

func dial(valkey string) (rueidis.Client, error) {
	network, address := valkeyAddress(valkey)
	option := rueidis.ClientOption{
		InitAddress:       []string{address},
		ForceSingleClient: true,
		DisableCache:      true, // Nothing is read twice.
		DisableRetry:      true, // What was sent may have been applied: it is not sent again.
	}
	if network == "unix" {
		option.DialCtxFn = func(
			ctx context.Context, path string, dialer *net.Dialer, _ *tls.Config,
		) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", path)
		}
	}
	return rueidis.NewClient(option)
}

// Save does not heed `ctx`: a report that joined a batch cannot leave it, and rueidis' own timeout
// (10 s) bounds the wait.
func (s *coalescingStore) Save(_ context.Context, body []byte) (uint64, error) {
	report, err := decodeReportFast(body)
	if err != nil {
		return 0, err
	}
	id := s.ids.next()
	s.lock.Lock()
	joined := s.open
	joined.reports = append(joined.reports, waiting{id, report, body})
	first := len(joined.reports) == 1
	s.lock.Unlock()
	if first {
		s.arrived <- struct{}{}
	}
	<-joined.done
	return id, joined.err
}

// write is the writing goroutine: one batch after another, until Close.
func (s *coalescingStore) write() {
	defer close(s.stopped)
	for range s.arrived {
		next := &batch{reports: s.spare[:0], done: make(chan struct{})}
		s.lock.Lock()
		full := s.open
		s.open = next
		s.lock.Unlock()

		full.err = s.send(full.reports)
		s.spare = full.reports // Nobody reads them any more: who waits reads only `err`.
		close(full.done)
	}
}

// send stores one batch. One refused command fails all of its reports: none is acknowledged that
// may be stored in part.
//
// It is a plain pipeline. MULTI/EXEC measured neither faster nor slower (see main.go); without it
// there is one answer less a command and none that nests errors, but a reader may see half a batch.
func (s *coalescingStore) send(reports []waiting) error {
	for i := range reports {
		r := &reports[i]
		s.seen.add(r.report.Municipality)
		s.merger.add(r.id, &r.report, r.body)
	}
	s.commands = s.merger.commands(s.commands[:0], s.writer.B())
	var failure error
	for _, answer := range s.writer.DoMulti(context.Background(), s.commands...) {
		if err := answer.Error(); err != nil && failure == nil {
			failure = err
		}
	}
	s.merger.clear()
	return failure
}

func (s *coalescingStore) Total(ctx context.Context) (int64, error) {
	keys := s.seen.countKeys()
	if len(keys) == 0 {
		return 0, nil
	}
	answers, err := s.reader.Do(ctx, s.reader.B().Mget().Key(keys...).Build()).ToArray()
	if err != nil {
		return 0, err
	}
	values := make([]any, len(answers))
	for i := range answers {
		if text, err := answers[i].ToString(); err == nil {
			values[i] = text
		}
	}
	return sumCounts(values)
}

func (s *coalescingStore) Close() {
	close(s.arrived)
	<-s.stopped
	s.writer.Close()
	s.reader.Close()
}
